//! What training makes small.

use serde::{Deserialize, Serialize};

/// The loss of one image: how far the network's outputs are from its label.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Loss {
    /// The mean over the outputs of `(output − target)²`; the target is 1 for the label's
    /// output and 0 for the others.
    MeanSquaredError,
    /// `−Σ target · ln p`. The network ends in softmax, or in nothing: then its outputs are
    /// logits.
    CategoricalCrossEntropy,
    /// The mean over the outputs of `−target · ln p − (1 − target) · ln(1 − p)`. The network
    /// ends in a sigmoid, or in nothing: then its outputs are logits.
    BinaryCrossEntropy,
}

impl Loss {
    /// As a recipe writes it.
    pub fn name(self) -> &'static str {
        match self {
            Loss::MeanSquaredError => "mean-squared-error",
            Loss::CategoricalCrossEntropy => "categorical-cross-entropy",
            Loss::BinaryCrossEntropy => "binary-cross-entropy",
        }
    }
}
