//! What a training run tells while it goes on, and what it is told.

use serde::{Deserialize, Serialize};

/// What happens while a network is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// A batch is done.
    Batch(&'a Batch),
    /// An epoch is done, validation too.
    Epoch(&'a Epoch),
}

/// Where in an epoch training is, and the means since the epoch's begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batch {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The batch, from 1.
    pub batch: usize,
    /// Batches an epoch.
    pub batches: usize,
    /// Mean loss of the epoch's images so far, with the penalty on the weights.
    pub loss: f64,
    /// Share of the epoch's images so far whose largest output was their label's.
    pub accuracy: f64,
}

/// One line of a run's history.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Mean loss of the training images, each as it was met, with the penalty on the weights.
    pub loss: f64,
    /// Share of the training images whose largest output was their label's, each as it was met.
    pub accuracy: f64,
    /// Mean loss of the validation images at the end of the epoch, with the penalty.
    pub val_loss: f64,
    /// Share of the validation images whose largest output is their label's.
    pub val_accuracy: f64,
    /// How long training took, without validation.
    pub seconds: f64,
    /// How long validation took.
    pub val_seconds: f64,
}

/// How well a network does on a split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Mean loss of the images, with the penalty on the weights.
    pub loss: f64,
    /// Share of the images whose largest output is their label's.
    pub accuracy: f64,
}

/// Whether training goes on after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// It does.
    Continue,
    /// It pauses here; it can go on later as if nothing had been.
    Stop,
}
