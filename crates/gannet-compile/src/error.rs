//! Why a network cannot be compiled.

/// Why a network cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// A weight is not a number that arithmetic can go on with.
    #[error(
        "the {weight} of '{layer}' holds {value} at position {position}: a network with such a weight computes nothing useful. Train it again, perhaps with a lower rate"
    )]
    NotFinite {
        /// The layer's name.
        layer: String,
        /// "kernel", "bias", …, or "folded weights".
        weight: &'static str,
        /// The flat position in the tensor.
        position: usize,
        /// `NaN` or an infinity.
        value: String,
    },
    /// A layer has something that is not compiled yet.
    #[error("layer '{layer}' ({kind}) has {what} that Gannet cannot compile yet")]
    Unsupported {
        /// The layer's name.
        layer: String,
        /// The layer's kind.
        kind: &'static str,
        /// What cannot be compiled.
        what: &'static str,
    },
    /// There is no integer code for a layer.
    #[error(
        "layer '{layer}' ({kind}) {why}. Integer code is generated for networks of int8, and of int16 with 8-bit weights but for a few layers: quantize the network so, or compile it in floats"
    )]
    Integers {
        /// The layer's name.
        layer: String,
        /// Its kind.
        kind: &'static str,
        /// What is not supported about it.
        why: String,
    },
    /// The network has no layer to compute.
    #[error("network '{0}' has no layer besides its input: there is nothing to compile")]
    Empty(String),
    /// An index may leave its array.
    #[error(
        "stage '{stage}' indexes extent {place} of '{buffer}' from {least} to {greatest}, but it has {extent} elements. This is a fault in the schedule, not in the network"
    )]
    IndexRange {
        /// The stage.
        stage: String,
        /// The array.
        buffer: String,
        /// Which of its extents, outermost 0.
        place: usize,
        /// The least value that the index may take.
        least: i64,
        /// The greatest value that the index may take.
        greatest: i64,
        /// The extent.
        extent: usize,
    },
    /// A stage is not well formed.
    #[error("stage '{stage}' has {what}. This is a fault in the schedule, not in the network")]
    Unsound {
        /// The stage.
        stage: String,
        /// What is wrong with it.
        what: String,
    },
    /// Names in C cannot begin so.
    #[error(
        "'{0}' cannot begin the names of functions in C: take letters, digits and underscores, a letter first"
    )]
    Prefix(String),
    /// The interface takes images whole.
    #[error(
        "the vendor's interfaces take an image whole and have no call for one row of it: take Gannet's own, or compile for whole images"
    )]
    WholeOnly,
    /// The interface has no name for integers of 16 bits.
    #[error(
        "the vendor's interfaces have no name for integers of 16 bits: take Gannet's own, or quantize the network to 8 bits"
    )]
    NoShorts,
}
