//! Gannet's trainer: a [`Recipe`] turns a [`Graph`](gannet_graph::Graph) and a data set into
//! a trained network.
//!
//! The same recipe, network and data give the same bits on every processor and with any
//! number of threads: every operation rounds as IEEE 754 says, multiply-adds are fused
//! everywhere (by hand where the processor cannot), sums have one order, and exponentials and
//! random numbers are our own.

mod engine;
mod error;
mod fit;
mod initialize;
mod loss;
mod optimizer;
mod random;
mod recipe;

pub use engine::Threads;
pub use error::TrainError;
pub use fit::{Batch, Control, Epoch, Event, Trained, fit};
pub use initialize::initialize;
pub use loss::Loss;
pub use optimizer::Optimizer;
pub use recipe::{Recipe, Start};
