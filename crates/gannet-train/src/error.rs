//! What can be wrong with a training run.

use std::path::PathBuf;

use gannet_graph::Shape;

/// Why a network cannot be trained or evaluated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The images are not what the network takes.
    #[error("network '{network}' takes {expected}, but the {images} images are {found}")]
    ImageShape {
        /// The network's name.
        network: String,
        /// Its input shape.
        expected: Shape,
        /// "training", "validation" or "given".
        images: &'static str,
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
        "the loss {loss} cannot be had of network '{network}', which ends in {function}: categorical-cross-entropy goes with softmax or linear outputs, binary-cross-entropy with sigmoid or linear outputs, mean-squared-error with all"
    )]
    LossAndFunction {
        /// The loss's name.
        loss: &'static str,
        /// The network's name.
        network: String,
        /// Its last activation function.
        function: &'static str,
    },
    /// The engine has no kernel for a layer.
    #[error("layer '{layer}' ({kind}) has {what} that Gannet cannot train or evaluate yet")]
    Layer {
        /// The layer's name.
        layer: String,
        /// The layer's kind.
        kind: &'static str,
        /// What there is no kernel for.
        what: &'static str,
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
    /// The recipe's teacher and the network that was given for it do not go together.
    #[error("the recipe's teacher: {problem}")]
    Teacher {
        /// What is wrong.
        problem: String,
    },
    /// A number became infinite, or no number at all.
    #[error(
        "training broke down in epoch {epoch}, batch {batch}: layer '{layer}' gave numbers that are not finite. Lower the learning rate, or warm it up"
    )]
    NotFinite {
        /// The epoch, from 1.
        epoch: usize,
        /// The batch, from 1.
        batch: usize,
        /// The first layer with such numbers.
        layer: String,
    },
    /// A checkpoint's file cannot be written or read.
    #[error("checkpoint {}: {problem}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A checkpoint is one of another run.
    #[error("the checkpoint is one of another run: {difference}")]
    Resume {
        /// What is different.
        difference: String,
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
