//! All that decides a training run besides the network and the data.

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::loss::Loss;
use crate::optimizer::Optimizer;

/// A recipe. Two runs of one recipe on the same network and data give the same bits, on any
/// processor and with any number of threads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Recipe {
    /// How often each training image is seen; at least 1.
    pub epochs: usize,
    /// Images a step; at least 1. The last batch of an epoch may be shorter.
    pub batch: usize,
    /// What is made small.
    pub loss: Loss,
    /// How much of each target is shared out evenly over all classes, from 0 to below 1.
    pub label_smoothing: f32,
    /// How a gradient becomes a step.
    pub optimizer: Optimizer,
    /// Where the weights come from.
    pub start: Start,
    /// Decides all that is random: first weights and the order of the images.
    pub seed: u64,
}

/// The weights before the first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Kernels by Glorot's uniform rule, biases zero, as in Keras.
    #[default]
    Glorot,
    /// The weights that the network has.
    Given,
}

impl Default for Recipe {
    /// 30 epochs of Adam on the mean squared error, in batches of 128.
    fn default() -> Self {
        Recipe {
            epochs: 30,
            batch: 128,
            loss: Loss::MeanSquaredError,
            label_smoothing: 0.0,
            optimizer: Optimizer::default(),
            start: Start::Glorot,
            seed: 0,
        }
    }
}

impl Recipe {
    /// Checks every number's range.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] for the first that is outside.
    pub fn check(&self) -> Result<(), TrainError> {
        let at_least_1 = [("epochs", self.epochs), ("batch", self.batch)];
        if let Some((key, _)) = at_least_1.into_iter().find(|&(_, value)| value == 0) {
            return Err(TrainError::Recipe {
                key,
                found: "0".to_owned(),
                expected: "at least 1",
            });
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            return Err(TrainError::Recipe {
                key: "label-smoothing",
                found: self.label_smoothing.to_string(),
                expected: "from 0 to below 1",
            });
        }
        self.optimizer.check()
    }
}
