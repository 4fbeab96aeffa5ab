//! The kinds of quantized layers: one trait, and one list from which everything else follows.

use crate::{
    Arity, GraphError, Shape,
    quantized::{
        Add, AveragePool2D, Bias, Concatenate, Conv2D, Conv2DTranspose, Dense, DepthwiseConv2D,
        Element, GlobalAveragePool2D, HardSwish, Input, Kernel, LeakyRelu, MaxPool2D, Maximum,
        Minimum, Multiply, PReLU, Quantization, QuantizedTensor, Relu, Requantize, Reshape,
        Sigmoid, Softmax, Subtract, Tanh, TensorType, UpSampling2D, WeightBits, ZeroPadding2D,
    },
};

/// Constant integers of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constants<'a> {
    /// Of 2 bits, one in each byte.
    I2(&'a [i8]),
    /// Of 4 bits, one in each byte.
    I4(&'a [i8]),
    /// Of 8 bits.
    I8(&'a [i8]),
    /// Of 32 bits.
    I32(&'a [i32]),
    /// Of 64 bits.
    I64(&'a [i64]),
}

impl Constants<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Constants::I2(values) | Constants::I4(values) | Constants::I8(values) => values.len(),
            Constants::I32(values) => values.len(),
            Constants::I64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes they take, packed.
    pub fn len_bytes(&self) -> usize {
        match self {
            Constants::I2(values) => WeightBits::Two.len_bytes(values.len()),
            Constants::I4(values) => WeightBits::Four.len_bytes(values.len()),
            Constants::I8(values) => values.len(),
            Constants::I32(values) => 4 * values.len(),
            Constants::I64(values) => 8 * values.len(),
        }
    }
}

/// One weight tensor of a layer and its Keras name (`kernel`, `bias`).
#[derive(Debug, Clone, Copy)]
pub struct Weight<'a> {
    /// Keras' name within the layer.
    pub name: &'static str,
    /// The integers.
    pub values: Constants<'a>,
    /// One scale, one for each output channel, or none if the layer's attributes say it or it
    /// follows from others, as that of a bias.
    pub scales: &'a [f32],
}

impl<'a> Weight<'a> {
    pub(super) fn kernel(name: &'static str, kernel: &'a Kernel) -> Self {
        let values = match kernel.bits() {
            WeightBits::Two => Constants::I2(kernel.values()),
            WeightBits::Four => Constants::I4(kernel.values()),
            WeightBits::Eight => Constants::I8(kernel.values()),
        };
        Weight {
            name,
            values,
            scales: kernel.scales(),
        }
    }

    pub(super) fn bias(name: &'static str, bias: &'a Bias) -> Self {
        let values = match bias {
            Bias::I32(values) => Constants::I32(values),
            Bias::I64(values) => Constants::I64(values),
        };
        Weight {
            name,
            values,
            scales: &[],
        }
    }
}

/// What every kind of quantized layer tells of itself.
pub trait LayerKind {
    /// Keras' class name, as that of the float layer.
    const KIND: &'static str;
    /// How many inputs it is wired to.
    const ARITY: Arity;

    /// The type of what comes out of layer `name`; `inputs` has as many entries as the arity.
    ///
    /// # Errors
    /// If the inputs do not suit the layer.
    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError>;

    /// Multiply-accumulates of one inference.
    fn macs(&self, _inputs: &[&TensorType], _output: &TensorType) -> u64 {
        0
    }

    /// What decides, besides weights and output type, what the layer computes: name and value.
    fn attributes(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The weights.
    fn weights(&self) -> Vec<Weight<'_>> {
        Vec::new()
    }

    /// The reference: computes the layer as LiteRT's reference kernels do, to the bit.
    /// The inputs have the types that `output_type` accepted.
    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor;
}

/// The quantization that all `inputs` have, or the error that names the layer.
pub(super) fn one_quantization(
    layer: &str,
    kind: &'static str,
    inputs: &[&TensorType],
) -> Result<Quantization, GraphError> {
    let first = inputs[0].quantization;
    match inputs.iter().find(|input| input.quantization != first) {
        None => no_pictures(layer, kind, first).map(|()| first),
        Some(other) => Err(GraphError::Quantization {
            layer: layer.to_owned(),
            kind,
            rule: "inputs of one quantization; requantize before it",
            found: format!("{first} beside {}", other.quantization),
        }),
    }
}

/// The quantization of the one input, of int8, or the error that names the layer.
pub(super) fn one_int8(
    layer: &str,
    kind: &'static str,
    inputs: &[&TensorType],
) -> Result<Quantization, GraphError> {
    let input = inputs[0].quantization;
    if input.element() == Element::I8 {
        return Ok(input);
    }
    Err(GraphError::Quantization {
        layer: layer.to_owned(),
        kind,
        rule: "int8",
        found: input.to_string(),
    })
}

/// All `inputs` and the `output` have one element type, or the error that names the layer.
pub(super) fn one_element(
    layer: &str,
    kind: &'static str,
    inputs: &[&TensorType],
    output: Quantization,
) -> Result<(), GraphError> {
    no_pictures(layer, kind, output)?;
    match inputs
        .iter()
        .find(|input| input.quantization.element() != output.element())
    {
        None => Ok(()),
        Some(other) => Err(GraphError::Quantization {
            layer: layer.to_owned(),
            kind,
            rule: "inputs of the same element type as its output; requantize before it",
            found: format!("{} to {}", other.quantization, output),
        }),
    }
}

fn no_pictures(
    layer: &str,
    kind: &'static str,
    quantization: Quantization,
) -> Result<(), GraphError> {
    if quantization.element() != Element::U8 {
        return Ok(());
    }
    Err(GraphError::Quantization {
        layer: layer.to_owned(),
        kind,
        rule: "int8 or int16; requantize before it",
        found: quantization.to_string(),
    })
}

/// The shape that all `inputs` have, or the error that names the layer.
pub(super) fn one_shape(
    layer: &str,
    kind: &'static str,
    inputs: &[&TensorType],
) -> Result<Shape, GraphError> {
    let first = &inputs[0].shape;
    match inputs.iter().find(|input| input.shape != *first) {
        None => Ok(first.clone()),
        Some(other) => Err(GraphError::Disagree {
            layer: layer.to_owned(),
            kind,
            rule: "all inputs have one shape",
            first: first.clone(),
            other: other.shape.clone(),
        }),
    }
}

/// Makes the [`Layer`] enum and its dispatch from the one list of kinds.
macro_rules! layers {
    ($($(#[$doc:meta])* $kind:ident),* $(,)?) => {
        /// A quantized layer of any kind.
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

            /// See [`LayerKind::output_type`].
            ///
            /// # Errors
            /// If the inputs do not suit the layer.
            pub fn output_type(
                &self,
                name: &str,
                inputs: &[&TensorType],
            ) -> Result<TensorType, GraphError> {
                match self { $(Layer::$kind(layer) => layer.output_type(name, inputs)),* }
            }

            /// Multiply-accumulates of one inference.
            pub fn macs(&self, inputs: &[&TensorType], output: &TensorType) -> u64 {
                match self { $(Layer::$kind(layer) => layer.macs(inputs, output)),* }
            }

            /// See [`LayerKind::attributes`].
            pub fn attributes(&self) -> Vec<(&'static str, String)> {
                match self { $(Layer::$kind(layer) => layer.attributes()),* }
            }

            /// The weights.
            pub fn weights(&self) -> Vec<Weight<'_>> {
                match self { $(Layer::$kind(layer) => layer.weights()),* }
            }

            /// How many weights there are.
            pub fn params(&self) -> usize {
                self.weights().iter().map(|weight| weight.values.len()).sum()
            }

            /// How many bytes the weights take, packed, without their scales.
            pub fn weights_bytes(&self) -> usize {
                self.weights().iter().map(|weight| weight.values.len_bytes()).sum()
            }

            /// See [`LayerKind::run`].
            pub fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
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
    /// Transposed convolution.
    Conv2DTranspose,
    /// Fully connected layer.
    Dense,
    /// Largest value of each window.
    MaxPool2D,
    /// Mean of each window.
    AveragePool2D,
    /// Mean of each channel.
    GlobalAveragePool2D,
    /// Pixels repeated.
    UpSampling2D,
    /// A border of zeros.
    ZeroPadding2D,
    /// Limits of each value.
    Relu,
    /// Limits that let some of the negative values through.
    LeakyRelu,
    /// Limits that learnt how much of the negative values they let through.
    PReLU,
    /// `x · min(max(x + 3, 0), 6) / 6`.
    HardSwish,
    /// `1 / (1 + e⁻ˣ)`.
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// `eˣ / Σ eˣ` over the innermost extent.
    Softmax,
    /// The same real numbers by another scale.
    Requantize,
    /// Sum of two tensors.
    Add,
    /// Difference of two tensors.
    Subtract,
    /// Product of two tensors.
    Multiply,
    /// The larger of two tensors.
    Maximum,
    /// The smaller of two tensors.
    Minimum,
    /// Channels side by side.
    Concatenate,
    /// The same values under another shape.
    Reshape,
}
