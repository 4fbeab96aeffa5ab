//! What can be wrong with a network.

use crate::{Padding, Shape};

/// Why a layer, a tensor or a graph cannot be built or run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// A layer was given a tensor of another rank than it works on.
    #[error("layer '{layer}' ({kind}) takes {expected}, but its input is {found}")]
    Rank {
        /// The layer's name.
        layer: String,
        /// The layer's kind.
        kind: &'static str,
        /// What the kind takes, in words.
        expected: &'static str,
        /// The shape it was given.
        found: Shape,
    },
    /// The weights were made for another number of input channels or features.
    #[error(
        "layer '{layer}' ({kind}) has weights for {expected} input {unit}, but its input {found} has {actual}"
    )]
    Channels {
        /// The layer's name.
        layer: String,
        /// The layer's kind.
        kind: &'static str,
        /// Input channels or features of the weights.
        expected: usize,
        /// "channels" or "features".
        unit: &'static str,
        /// The shape it was given.
        found: Shape,
        /// Channels or features of that shape.
        actual: usize,
    },
    /// Channels of a layer cannot be left out.
    #[error("channels of layer '{layer}' cannot be left out because of '{by}' ({kind}): {why}")]
    Bound {
        /// The layer's name.
        layer: String,
        /// The layer that stands against it, perhaps itself.
        by: String,
        /// That one's kind.
        kind: &'static str,
        /// What it does, in words.
        why: &'static str,
    },
    /// The window does not fit into its input.
    #[error(
        "layer '{layer}' ({kind}) slides a {kernel} window over {found} without padding: the window is larger than the input. Use padding 'same' or a smaller window"
    )]
    WindowTooLarge {
        /// The layer's name.
        layer: String,
        /// The layer's kind.
        kind: &'static str,
        /// The window, `height×width`.
        kernel: Shape,
        /// The shape it was given.
        found: Shape,
    },
    /// A window that pools has a position without any pixel.
    #[error(
        "layer '{layer}' ({kind}) has padding '{padding}' around {found}: some positions of its window would lie in the padding alone. Pad by less than the window"
    )]
    EmptyWindow {
        /// The layer's name.
        layer: String,
        /// The layer's kind.
        kind: &'static str,
        /// The window's padding.
        padding: Padding,
        /// The shape it was given.
        found: Shape,
    },
    /// A shape has another number of elements than what is to be put under it.
    #[error(
        "layer '{layer}' (Reshape) puts {found} into {shape}: both need the same number of elements"
    )]
    Reshape {
        /// The layer's name.
        layer: String,
        /// The shape it was given.
        found: Shape,
        /// The shape that it gives.
        shape: Shape,
    },
    /// Filters and channels cannot be shared out among the groups of a convolution.
    #[error(
        "a convolution of {filters} filters cannot have {groups} groups: their number has to divide the filters"
    )]
    Groups {
        /// How many groups.
        groups: usize,
        /// How many filters.
        filters: usize,
    },
    /// A layer was wired to the wrong number of inputs.
    #[error("layer '{layer}' ({kind}) takes {expected}, but is wired to {found} inputs")]
    Arity {
        /// The layer's name.
        layer: String,
        /// The layer's kind.
        kind: &'static str,
        /// How many it takes, in words.
        expected: &'static str,
        /// How many it was given.
        found: usize,
    },
    /// A layer gives nothing, or more than anything that could be computed.
    #[error(
        "layer '{layer}' ({kind}) gives {found}: a tensor has at least one extent, no extent of zero, and at most {} numbers",
        Shape::MOST_ELEMENTS
    )]
    Size {
        /// The layer's name.
        layer: String,
        /// The layer's kind.
        kind: &'static str,
        /// The shape that it would give.
        found: Shape,
    },
    /// Two layers have one name.
    #[error("two layers are named '{0}': each name may stand once in a network")]
    DuplicateName(String),
    /// A tensor's data does not fill its shape.
    #[error("a tensor of shape {shape} holds {} values, but {found} were given", shape.elements())]
    TensorLength {
        /// The declared shape.
        shape: Shape,
        /// How many values came.
        found: usize,
    },
    /// The image given to the network has another shape than its input.
    #[error("network '{network}' takes {expected}, but was given {found}")]
    InputShape {
        /// The network's name.
        network: String,
        /// Its input shape.
        expected: Shape,
        /// The given shape.
        found: Shape,
    },
    /// A weight tensor does not have the shape that its layer needs.
    #[error("the {weight} of {kind} has shape {found}, but needs {expected}")]
    WeightShape {
        /// The layer's kind.
        kind: &'static str,
        /// "kernel" or "bias".
        weight: &'static str,
        /// What is needed, in words or as a shape.
        expected: String,
        /// The given shape.
        found: Shape,
    },
    /// Inputs that are joined do not suit each other.
    #[error("layer '{layer}' ({kind}) joins {first} and {other}: {rule}")]
    Disagree {
        /// The layer's name.
        layer: String,
        /// The layer's kind.
        kind: &'static str,
        /// What must hold, in words.
        rule: &'static str,
        /// The first input's shape.
        first: Shape,
        /// The shape of an input that does not suit it.
        other: Shape,
    },
    /// The integers that a layer is given, or gives, are not what its kind works on.
    #[error("layer '{layer}' ({kind}) takes {rule}, but here it is {found}")]
    Quantization {
        /// The layer's name.
        layer: String,
        /// The layer's kind.
        kind: &'static str,
        /// What must hold, in words.
        rule: &'static str,
        /// What was found.
        found: String,
    },
    /// A number is outside its range.
    #[error("{what} is {found}: it has to be {expected}")]
    Range {
        /// Which number.
        what: &'static str,
        /// What it is.
        found: String,
        /// What it may be, in words.
        expected: &'static str,
    },
    /// A size that must not be zero is zero.
    #[error("{what} is zero: it has to be at least 1")]
    Zero {
        /// Which size.
        what: &'static str,
    },
    /// No network of that name is built in.
    #[error("no network named '{name}' is built in; there are: {known}")]
    UnknownNetwork {
        /// The name asked for.
        name: String,
        /// The built-in names.
        known: String,
    },
}

impl GraphError {
    /// What is wrong, for a sentence that has named the layer already.
    pub fn reason(&self) -> String {
        use GraphError as E;
        let text = self.to_string();
        let name = match self {
            E::Rank { layer, kind, .. }
            | E::Channels { layer, kind, .. }
            | E::WindowTooLarge { layer, kind, .. }
            | E::EmptyWindow { layer, kind, .. }
            | E::Arity { layer, kind, .. }
            | E::Size { layer, kind, .. }
            | E::Disagree { layer, kind, .. }
            | E::Quantization { layer, kind, .. } => format!("layer '{layer}' ({kind})"),
            E::Reshape { layer, .. } => format!("layer '{layer}' (Reshape)"),
            _ => return text,
        };
        text.strip_prefix(&name)
            .map_or(text.clone(), |rest| format!("it{rest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_no_layer() {
        let error = GraphError::Rank {
            layer: "conv".to_owned(),
            kind: "Conv2D",
            expected: "an image",
            found: Shape::from([4]),
        };
        assert_eq!(error.reason(), "it takes an image, but its input is 4");
        let zero = GraphError::Zero { what: "a stride" };
        assert_eq!(zero.reason(), zero.to_string());
    }
}
