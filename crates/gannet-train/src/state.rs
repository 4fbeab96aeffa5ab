//! All that a training run has become so far.

use serde::{Deserialize, Serialize};

use crate::event::Epoch;
use crate::optimizer::OptimizerState;

/// Everything of a run that does not follow from its recipe and data.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// All weights, one after another in the graph's order.
    pub weights: Vec<f32>,
    /// What the optimizer remembers.
    pub optimizer: OptimizerState,
    /// The running average of the weights, if the recipe has one.
    pub average: Option<Vec<f32>>,
    /// Steps so far, over all epochs.
    pub steps: u64,
    /// What the current epoch has come to.
    pub running: Running,
    /// The best epoch so far.
    pub best: Option<Best>,
    /// What each whole epoch gave.
    pub history: Vec<Epoch>,
}

/// Sums over the images of the current epoch.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Running {
    /// Batches done.
    pub batches: usize,
    /// Images seen.
    pub images: usize,
    /// The sum of their losses with the penalty.
    pub loss_sum: f64,
    /// How many were right.
    pub correct: usize,
    /// How long it took.
    pub seconds: f64,
}

/// The best epoch so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// The epoch, from 1.
    pub epoch: usize,
    /// What was watched; the larger the better.
    pub value: f64,
    /// Its weights.
    pub weights: Vec<f32>,
}

impl State {
    /// Before the first step; `average` is the decay of the weights' average, if there is one.
    pub fn new(weights: Vec<f32>, average: Option<f32>) -> Self {
        State {
            optimizer: OptimizerState::new(weights.len()),
            average: average.map(|_| weights.clone()),
            steps: 0,
            running: Running::default(),
            best: None,
            history: Vec::new(),
            weights,
        }
    }

    /// The weights that are validated and kept.
    pub fn measured(&self) -> &[f32] {
        self.average.as_ref().unwrap_or(&self.weights)
    }
}

impl Running {
    /// Mean loss of the images so far.
    pub fn loss(&self) -> f64 {
        self.loss_sum / self.images as f64
    }

    /// Share of the images so far that were right.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.images as f64
    }
}
