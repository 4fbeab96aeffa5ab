//! The layer kinds: one trait, and one list from which everything else follows.
//!
//! A kind is a file in `layers/` and one line in the list at the bottom of this file.

use crate::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose,
    Cropping2D, Dense, DepthwiseConv2D, Dropout, Flatten, GlobalAveragePool2D, GlobalMaxPool2D,
    GraphError, Input, MaxPool2D, Maximum, Minimum, Multiply, PReLU, Permute, Rescaling, Reshape,
    Shape, Subtract, Tensor, UpSampling2D, ZeroPadding2D,
};

/// How many inputs a kind is wired to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    /// None: it is where images come in.
    None,
    /// Exactly one.
    One,
    /// Exactly two.
    Two,
    /// Two or more.
    Several,
}

impl Arity {
    pub(crate) fn admits(self, inputs: usize) -> bool {
        match self {
            Arity::None => inputs == 0,
            Arity::One => inputs == 1,
            Arity::Two => inputs == 2,
            Arity::Several => inputs >= 2,
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Arity::None => "no input",
            Arity::One => "one input",
            Arity::Two => "two inputs",
            Arity::Several => "two inputs or more",
        }
    }
}

/// One weight tensor of a layer and its Keras name (`kernel`, `bias`).
#[derive(Debug, Clone, Copy)]
pub struct Weight<'a> {
    /// Keras' name within the layer.
    pub name: &'static str,
    /// The values.
    pub tensor: &'a Tensor,
    /// Whether a gradient changes it; the statistics of a normalization are measured instead.
    pub trainable: bool,
}

impl<'a> Weight<'a> {
    /// A weight that a gradient changes.
    pub(crate) fn trained(name: &'static str, tensor: &'a Tensor) -> Self {
        Weight {
            name,
            tensor,
            trainable: true,
        }
    }
}

/// What every layer kind tells of itself.
pub trait LayerKind {
    /// Keras' class name.
    const KIND: &'static str;
    /// How many inputs it is wired to.
    const ARITY: Arity;

    /// The shape of what comes out of layer `name`; `inputs` has as many entries as the arity.
    ///
    /// # Errors
    /// If the inputs do not suit the layer.
    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError>;

    /// Multiply-accumulates of one inference.
    fn macs(&self, _inputs: &[&Shape], _output: &Shape) -> u64 {
        0
    }

    /// What decides, besides the weights, what the layer computes: name and value.
    fn attributes(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The weights, in Keras' order.
    fn weights(&self) -> Vec<Weight<'_>> {
        Vec::new()
    }

    /// The weights' values, to be changed in place, in the same order.
    fn weights_mut(&mut self) -> Vec<&mut [f32]> {
        Vec::new()
    }

    /// The reference: computes the layer, accumulating in `f64` and rounding once.
    /// The inputs have the shapes that `output_shape` accepted.
    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor;
}

/// The weights of a layer that has a kernel and may have a bias.
pub(crate) fn kernel_and_bias<'a>(kernel: &'a Tensor, bias: Option<&'a Tensor>) -> Vec<Weight<'a>> {
    let bias = bias.map(|bias| Weight::trained("bias", bias));
    std::iter::once(Weight::trained("kernel", kernel))
        .chain(bias)
        .collect()
}

/// The values of [`kernel_and_bias`].
pub(crate) fn kernel_and_bias_mut<'a>(
    kernel: &'a mut Tensor,
    bias: Option<&'a mut Tensor>,
) -> Vec<&'a mut [f32]> {
    std::iter::once(kernel)
        .chain(bias)
        .map(Tensor::data_mut)
        .collect()
}

/// The extents of an image, or the error that names the layer.
pub(crate) fn image(
    layer: &str,
    kind: &'static str,
    shape: &Shape,
) -> Result<[usize; 3], GraphError> {
    shape.as_image().ok_or_else(|| GraphError::Rank {
        layer: layer.to_owned(),
        kind,
        expected: "an image [height, width, channels]",
        found: shape.clone(),
    })
}

/// The weights of a layer were made for as many channels, or features, as its input has.
pub(crate) fn check_channels(
    layer: &str,
    kind: &'static str,
    expected: usize,
    unit: &'static str,
    found: &Shape,
) -> Result<(), GraphError> {
    if found.channels() == expected {
        return Ok(());
    }
    Err(GraphError::Channels {
        layer: layer.to_owned(),
        kind,
        expected,
        unit,
        found: found.clone(),
        actual: found.channels(),
    })
}

/// A tensor such as a bias has one value for each output channel.
pub(crate) fn check_vector(
    kind: &'static str,
    weight: &'static str,
    vector: Option<&Tensor>,
    channels: usize,
) -> Result<(), GraphError> {
    let needed = Shape::from([channels]);
    match vector {
        Some(vector) if *vector.shape() != needed => Err(GraphError::WeightShape {
            kind,
            weight,
            expected: needed.to_string(),
            found: vector.shape().clone(),
        }),
        _ => Ok(()),
    }
}

/// Makes the [`Layer`] enum and its dispatch from the one list of kinds.
macro_rules! layers {
    ($($(#[$doc:meta])* $kind:ident),* $(,)?) => {
        /// A layer of any kind.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Layer {
            $($(#[$doc])* $kind($kind)),*
        }

        $(impl From<$kind> for Layer {
            fn from(layer: $kind) -> Self {
                Layer::$kind(layer)
            }
        })*

        impl Layer {
            /// The Keras class name of every kind.
            pub const KINDS: &'static [&'static str] = &[$($kind::KIND),*];

            /// Keras' class name.
            pub fn kind(&self) -> &'static str {
                match self { $(Layer::$kind(_) => $kind::KIND),* }
            }

            /// How many inputs it is wired to.
            pub fn arity(&self) -> Arity {
                match self { $(Layer::$kind(_) => $kind::ARITY),* }
            }

            /// See [`LayerKind::output_shape`].
            ///
            /// # Errors
            /// If the inputs do not suit the layer.
            pub fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
                match self { $(Layer::$kind(layer) => layer.output_shape(name, inputs)),* }
            }

            /// Multiply-accumulates of one inference.
            pub fn macs(&self, inputs: &[&Shape], output: &Shape) -> u64 {
                match self { $(Layer::$kind(layer) => layer.macs(inputs, output)),* }
            }

            /// See [`LayerKind::attributes`].
            pub fn attributes(&self) -> Vec<(&'static str, String)> {
                match self { $(Layer::$kind(layer) => layer.attributes()),* }
            }

            /// The weights, in Keras' order.
            pub fn weights(&self) -> Vec<Weight<'_>> {
                match self { $(Layer::$kind(layer) => layer.weights()),* }
            }

            /// The weights' values, to be changed in place, in Keras' order.
            pub fn weights_mut(&mut self) -> Vec<&mut [f32]> {
                match self { $(Layer::$kind(layer) => layer.weights_mut()),* }
            }

            /// How many weights there are.
            pub fn params(&self) -> usize {
                self.weights().iter().map(|weight| weight.tensor.data().len()).sum()
            }

            /// See [`LayerKind::run`].
            pub fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
                match self { $(Layer::$kind(layer) => layer.run(inputs, output)),* }
            }
        }
    };
}

layers! {
    /// Where the image comes in.
    Input,
    /// Two-dimensional convolution.
    Conv2D,
    /// Convolution of each channel by itself.
    DepthwiseConv2D,
    /// Convolution that makes images larger.
    Conv2DTranspose,
    /// Fully connected layer.
    Dense,
    /// Largest value of each window.
    MaxPool2D,
    /// Mean of each window.
    AveragePool2D,
    /// Mean of each channel.
    GlobalAveragePool2D,
    /// Largest value of each channel.
    GlobalMaxPool2D,
    /// An activation function of its own.
    Activation,
    /// A ReLU with learnt slopes.
    PReLU,
    /// Each channel brought to mean 0 and deviation 1, scaled and shifted.
    BatchNormalization,
    /// Constants that values are multiplied by and that are added.
    Rescaling,
    /// Leaves values out in training.
    Dropout,
    /// A border of zeros.
    ZeroPadding2D,
    /// The inner part of an image.
    Cropping2D,
    /// Each pixel several times.
    UpSampling2D,
    /// Sum of images.
    Add,
    /// Difference of two images.
    Subtract,
    /// Product of images.
    Multiply,
    /// Largest value of images.
    Maximum,
    /// Smallest value of images.
    Minimum,
    /// Channels of images side by side.
    Concatenate,
    /// An image as one vector.
    Flatten,
    /// The same values under another shape.
    Reshape,
    /// Extents in another order.
    Permute,
}
