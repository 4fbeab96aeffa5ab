//! The layer kinds in Keras' spelling: one file a kind, which reads and writes it, and one
//! line in [`LAYERS`].

mod activation;
mod add;
mod average_pooling2d;
mod batch_normalization;
mod concatenate;
mod conv2d;
mod conv2d_transpose;
mod cropping2d;
mod dense;
mod depthwise_conv2d;
mod dropout;
mod flatten;
mod global_average_pooling2d;
mod global_max_pooling2d;
mod input;
mod max_pooling2d;
mod maximum;
mod minimum;
mod multiply;
mod permute;
mod prelu;
mod rescaling;
mod reshape;
mod separable_conv2d;
mod subtract;
mod up_sampling2d;
mod zero_padding2d;

use gannet_graph::{GraphError, Layer, Shape, Tensor, Window};
use serde_json::{Map, Value};

use super::attributes::Attributes;
use crate::FormatError;

pub(super) use activation::{function, write_function};
pub(super) use input::{INPUT_CLASS, has_shape, read_shape};

/// A weight tensor as the layer's attributes ask for it.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    /// Keras' name within the layer.
    pub name: &'static str,
    /// Its extents; `None` where the attributes do not say.
    pub shape: Vec<Option<usize>>,
}

impl Expected {
    /// Whether it is measured in training, and not changed by a gradient.
    pub fn is_statistic(&self) -> bool {
        matches!(self.name, "moving_mean" | "moving_variance")
    }

    /// Checks the shape of `tensor`, which the file calls `weight`.
    ///
    /// # Errors
    /// [`FormatError::WeightShape`] with the layer's name.
    pub fn check(&self, layer: &str, weight: &str, tensor: &Tensor) -> Result<(), FormatError> {
        let found = tensor.shape().dims();
        let suits = found.len() == self.shape.len()
            && found
                .iter()
                .zip(&self.shape)
                .all(|(&found, expected)| expected.is_none_or(|expected| expected == found));
        if suits {
            return Ok(());
        }
        let extents = self
            .shape
            .iter()
            .map(|extent| extent.map_or_else(|| "?".to_owned(), |extent| extent.to_string()));
        Err(FormatError::WeightShape {
            layer: layer.to_owned(),
            weight: weight.to_owned(),
            found: tensor.shape().clone(),
            expected: extents.collect::<Vec<_>>().join("×"),
        })
    }
}

/// What becomes of a layer.
pub(super) enum Plan {
    /// It does nothing at inference: what it is wired to takes its place.
    Nothing,
    /// Where images of this shape come in; a sequence has two extents here.
    Input(Shape),
    /// A layer without weights.
    Layer(Layer),
    /// Flattens an image whose channels are first: channel by channel, and not pixel by pixel.
    FlattenFirst,
    /// A layer to be made from weights of the expected shapes.
    Weighted(Vec<Expected>, Make),
    /// A layer without weights whose output has so many extents, to be made for the shape of
    /// its input.
    Shaped(usize, MakeShaped),
    /// Two layers, one behind the other.
    Separable(Vec<Expected>, MakeTwo),
}

/// Makes a layer from its weights, which have the expected shapes and order.
pub(super) type Make = Box<dyn FnOnce(Vec<Tensor>) -> Result<Layer, GraphError>>;

/// Makes a layer for the shape of its input.
pub(super) type MakeShaped = Box<dyn FnOnce(&Shape) -> Layer>;

/// As [`Make`], for a depthwise and a pointwise convolution.
pub(super) type MakeTwo = Box<dyn FnOnce(Vec<Tensor>) -> Result<[Layer; 2], GraphError>>;

/// A layer's class and attributes.
pub(super) type Written = (&'static str, Map<String, Value>);

/// Keras' form of a layer kind.
pub(super) struct KerasLayer {
    /// The classes that [`KerasLayer::read`] reads.
    pub classes: &'static [&'static str],
    /// Reads a layer's attributes and notes the obstacles in them.
    pub read: fn(&mut Attributes<'_>) -> Plan,
    /// The class and the attributes of a layer, if it is of this kind.
    pub write: fn(&Layer) -> Option<Written>,
}

/// Every kind that is read or written.
pub(super) const LAYERS: &[KerasLayer] = &[
    input::INPUT,
    conv2d::CONV2D,
    depthwise_conv2d::DEPTHWISE_CONV2D,
    separable_conv2d::SEPARABLE_CONV2D,
    conv2d_transpose::CONV2D_TRANSPOSE,
    dense::DENSE,
    max_pooling2d::MAX_POOLING2D,
    average_pooling2d::AVERAGE_POOLING2D,
    global_average_pooling2d::GLOBAL_AVERAGE_POOLING2D,
    global_max_pooling2d::GLOBAL_MAX_POOLING2D,
    activation::ACTIVATION,
    activation::FUNCTION,
    prelu::PRELU,
    batch_normalization::BATCH_NORMALIZATION,
    rescaling::RESCALING,
    dropout::DROPOUT,
    dropout::NOISE,
    zero_padding2d::ZERO_PADDING2D,
    cropping2d::CROPPING2D,
    up_sampling2d::UP_SAMPLING2D,
    add::ADD,
    subtract::SUBTRACT,
    multiply::MULTIPLY,
    maximum::MAXIMUM,
    minimum::MINIMUM,
    concatenate::CONCATENATE,
    flatten::FLATTEN,
    reshape::RESHAPE,
    permute::PERMUTE,
];

/// The kind that reads `class`.
pub(super) fn by_class(class: &str) -> Option<&'static KerasLayer> {
    LAYERS.iter().find(|kind| kind.classes.contains(&class))
}

/// The class and attributes of `layer`.
pub(super) fn write(layer: &Layer) -> Written {
    LAYERS
        .iter()
        .find_map(|kind| (kind.write)(layer))
        .expect("every layer kind has its form in Keras")
}

/// What Keras 2 calls a weight of `layer`.
pub(super) fn weight_name(layer: &Layer, weight: &'static str) -> &'static str {
    match (layer, weight) {
        (Layer::DepthwiseConv2D(_), "kernel") => depthwise_conv2d::KERNEL,
        _ => weight,
    }
}

/// All classes that are read.
pub(super) fn classes() -> String {
    let classes = LAYERS.iter().flat_map(|kind| kind.classes.iter().copied());
    classes.collect::<Vec<_>>().join(", ")
}

/// A JSON object's entries.
macro_rules! entries {
    ($($name:literal: $value:expr),* $(,)?) => {{
        let mut map = serde_json::Map::new();
        $(map.insert($name.to_owned(), serde_json::json!($value));)*
        map
    }};
}
use entries;

/// The attributes of pooling over `window`.
fn pooling(window: Window) -> Map<String, Value> {
    entries! {
        "pool_size": window.kernel(),
        "strides": window.stride(),
        "padding": window.padding().to_string(),
        "data_format": "channels_last",
    }
}

/// A kernel and, if there is one, a bias, taken from weights in this order.
fn kernel_and_bias(weights: Vec<Tensor>) -> (Tensor, Option<Tensor>) {
    let mut weights = weights.into_iter();
    let kernel = weights.next().expect("a kernel was expected");
    (kernel, weights.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kind added to the graph must not be forgotten here.
    #[test]
    fn every_kind_of_the_graph_has_a_class() {
        for kind in Layer::KINDS {
            assert!(by_class(kind).is_some(), "{kind} has no form in Keras");
        }
    }
}
