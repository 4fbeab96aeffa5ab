//! Gannet's trainer: a [`Recipe`] turns a [`Graph`](gannet_graph::Graph) and a data set into
//! a trained network.
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
pub use recipe::{Keep, Recipe, Start, Watch};
pub use schedule::{Course, Schedule};
pub use training::Training;
