//! Gannet's trainer: a [`Recipe`] turns a [`Graph`](gannet_graph::Graph) and a data set into
//! a trained network.
//!
//! ```
//! # use gannet_data::{Classes, ImageShape, Images, Split};
//! # use gannet_graph::{Dense, Flatten, Function, Graph};
//! use gannet_train::{Control, Event, Recipe, Threads, evaluate, fit};
//! # let shape = ImageShape::new(2, 2, 1)?;
//! # let classes = Classes::named(vec!["dark".into(), "light".into()])?;
//! # let pixels = (0..40 * 4).map(|i| if i / 4 % 2 == 0 { 20 } else { 220 }).collect();
//! # let labels = (0..40).map(|i| i % 2).collect();
//! # let split = Split::new(Images::new(shape, pixels)?, labels, &classes)?;
//! # let mut graph = Graph::new("shades", [2, 2, 1])?;
//! # graph.push("flatten", Flatten)?;
//! # graph.push("out", Dense::zeros(4, 2).with_activation(Function::Sigmoid))?;
//!
//! let recipe = Recipe { epochs: 300, batch: 16, seed: 7, ..Recipe::default() };
//! let trained = fit(graph, &split, &split, &recipe, Threads::All, &mut |event| {
//!     if let Event::Epoch(epoch) = event {
//!         assert!(epoch.val_loss.is_finite());
//!     }
//!     Control::Continue
//! })?;
//! assert_eq!(trained.history[299].val_accuracy, 1.0);
//! let outputs = evaluate(&trained.graph, split.images(), Threads::All)?;
//! assert!(outputs[0] > outputs[1], "the first image is dark");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Training`] is the same run as a value: it can pause, be written to a file and go on.
//!
//! The same recipe, network and data give the same bits on every processor and with any
//! number of threads: every operation rounds as IEEE 754 says, multiply-adds are fused
//! everywhere (by hand where the processor cannot), sums have one order, and exponentials and
//! random numbers are our own.

mod augment;
mod average;
mod checkpoint;
mod elementary;
mod engine;
mod error;
mod evaluate;
mod event;
mod fit;
mod initialize;
mod loss;
mod optimizer;
mod penalty;
mod random;
mod recipe;
mod rounding;
mod schedule;
mod state;
mod training;

pub use augment::Augmentation;
pub use checkpoint::Checkpoint;
pub use engine::Threads;
pub use error::TrainError;
pub use evaluate::evaluate;
pub use event::{Batch, Control, Epoch, Event, Measure};
pub use fit::{Trained, fit};
pub use initialize::initialize;
pub use loss::Loss;
pub use optimizer::Optimizer;
pub use recipe::{Keep, KernelBits, Quantize, Recipe, Start, Teacher, Watch};
pub use schedule::{Course, Schedule};
pub use training::Training;
