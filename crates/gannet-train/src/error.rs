//! What can be wrong with a training run.

use gannet_graph::Shape;

/// Why a network cannot be trained or evaluated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The images are not what the network takes.
    #[error("network '{network}' takes {expected}, but the {split} images are {found}")]
    ImageShape {
        /// The network's name.
        network: String,
        /// Its input shape.
        expected: Shape,
        /// "training" or "validation".
        split: &'static str,
        /// The images' shape.
        found: Shape,
    },
    /// The network has another number of outputs than the data has classes.
    #[error(
        "network '{network}' gives {outputs}, but the data has {classes} classes: its last layer needs one output for each class"
    )]
    Outputs {
        /// The network's name.
        network: String,
        /// Its output shape.
        outputs: Shape,
        /// Classes of the data.
        classes: usize,
    },
    /// The loss does not go with the network's last activation function.
    #[error(
        "the loss {loss} cannot be had of network '{network}', which ends in {function}: {hint}"
    )]
    LossAndFunction {
        /// The loss's name.
        loss: &'static str,
        /// The network's name.
        network: String,
        /// Its last activation function.
        function: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A number of the recipe is outside its range.
    #[error("the recipe's {key} is {found}, but has to be {expected}")]
    Recipe {
        /// The key.
        key: &'static str,
        /// The value.
        found: String,
        /// Its range, in words.
        expected: &'static str,
    },
    /// There are no threads to be had.
    #[error("the system gives no {count} threads to compute with ({reason}); ask for fewer")]
    Threads {
        /// How many were asked for.
        count: usize,
        /// What the system says.
        reason: String,
    },
}
