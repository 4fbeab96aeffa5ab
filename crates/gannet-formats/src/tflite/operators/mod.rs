//! TFLite's operators: one file an operator, or a small family, which reads and writes it;
//! one line in [`OPERATORS`] to read it, one arm for each kind of layer to write it.

mod activations;
mod add;
mod average_pool_2d;
mod concatenation;
mod conv_2d;
mod depthwise_conv_2d;
mod elementwise;
mod extremes;
mod fully_connected;
mod max_pool_2d;
mod mean;
mod mul;
mod pad;
mod prelu;
mod quantize;
mod reshape;
mod resize_nearest_neighbor;
mod softmax;
mod sub;
mod transpose;
mod transpose_conv;

use gannet_graph::{Layer, quantized};

use self::elementwise::Operation;
use super::{
    call::{Call, Step, Trouble},
    schema::tflite::BuiltinOperator as Code,
    source::Node,
    write::{Formless, Site},
};
use crate::Supported;

/// Reads an operator.
pub(super) type Reader<L> = fn(&Call<'_>) -> Result<Step<L>, Trouble>;

/// How an operator is read.
struct Operator {
    code: Code,
    /// The kinds of the graph that become of it.
    kinds: &'static [&'static str],
    /// The options that are looked at, and what is taken.
    attributes: Attributes,
    float: Option<Reader<Layer>>,
    quantized: Option<Reader<quantized::Layer>>,
}

type Attributes = &'static [(&'static str, &'static str)];

/// An operator of real numbers and of integers.
const fn both(
    code: Code,
    kinds: &'static [&'static str],
    attributes: Attributes,
    float: Reader<Layer>,
    quantized: Reader<quantized::Layer>,
) -> Operator {
    Operator {
        float: Some(float),
        ..integers(code, kinds, attributes, quantized)
    }
}

/// An operator of integers alone.
const fn integers(
    code: Code,
    kinds: &'static [&'static str],
    attributes: Attributes,
    quantized: Reader<quantized::Layer>,
) -> Operator {
    Operator {
        quantized: Some(quantized),
        ..unread(code, kinds, attributes)
    }
}

/// An operator of real numbers alone.
const fn real(
    code: Code,
    kinds: &'static [&'static str],
    attributes: Attributes,
    float: Reader<Layer>,
) -> Operator {
    Operator {
        float: Some(float),
        ..unread(code, kinds, attributes)
    }
}

/// An operator that still needs a reader.
const fn unread(code: Code, kinds: &'static [&'static str], attributes: Attributes) -> Operator {
    Operator {
        code,
        kinds,
        attributes,
        float: None,
        quantized: None,
    }
}

const WINDOW: Attributes = &[
    ("padding", "SAME, VALID"),
    ("dilation", "any"),
    ("fused_activation_function", FUSED),
];
const POOLING: Attributes = &[
    ("padding", "SAME, VALID"),
    ("fused_activation_function", FUSED),
];
const ELEMENTWISE: Attributes = &[("fused_activation_function", FUSED)];
const FUSED: &str = "NONE, RELU, RELU6";
const FUNCTION: &[&str] = &["Activation"];
const SHAPE: &[&str] = &["Flatten", "Reshape"];

/// Every operator that is read.
const OPERATORS: &[Operator] = &[
    both(
        Code::CONV_2D,
        &["Conv2D"],
        WINDOW,
        conv_2d::float,
        conv_2d::quantized,
    ),
    both(
        Code::DEPTHWISE_CONV_2D,
        &["DepthwiseConv2D"],
        WINDOW,
        depthwise_conv_2d::float,
        depthwise_conv_2d::quantized,
    ),
    both(
        Code::FULLY_CONNECTED,
        &["Dense"],
        &[
            ("weights_format", "DEFAULT"),
            ("fused_activation_function", FUSED),
        ],
        fully_connected::float,
        fully_connected::quantized,
    ),
    both(
        Code::MAX_POOL_2D,
        &["MaxPooling2D"],
        POOLING,
        max_pool_2d::float,
        max_pool_2d::quantized,
    ),
    both(
        Code::AVERAGE_POOL_2D,
        &["AveragePooling2D"],
        POOLING,
        average_pool_2d::float,
        average_pool_2d::quantized,
    ),
    both(
        Code::MEAN,
        &["GlobalAveragePooling2D"],
        &[("axes", "[1, 2]")],
        mean::float,
        mean::quantized,
    ),
    both(
        Code::ADD,
        &["Add", "Rescaling"],
        ELEMENTWISE,
        add::float,
        add::quantized,
    ),
    both(
        Code::SUB,
        &["Subtract", "Rescaling"],
        ELEMENTWISE,
        sub::float,
        sub::quantized,
    ),
    both(
        Code::MUL,
        &["Multiply", "Rescaling"],
        ELEMENTWISE,
        mul::float,
        mul::quantized,
    ),
    both(
        Code::MAXIMUM,
        &["Maximum"],
        &[],
        extremes::maximum,
        extremes::quantized_maximum,
    ),
    both(
        Code::MINIMUM,
        &["Minimum"],
        &[],
        extremes::minimum,
        extremes::quantized_minimum,
    ),
    real(
        Code::REDUCE_MAX,
        &["GlobalMaxPooling2D"],
        &[("axes", "[1, 2]")],
        mean::float,
    ),
    both(
        Code::TRANSPOSE_CONV,
        &["Conv2DTranspose"],
        POOLING,
        transpose_conv::float,
        transpose_conv::quantized,
    ),
    both(
        Code::RESIZE_NEAREST_NEIGHBOR,
        &["UpSampling2D"],
        &[("align_corners", "false"), ("half_pixel_centers", "any")],
        resize_nearest_neighbor::float,
        resize_nearest_neighbor::quantized,
    ),
    real(
        Code::TRANSPOSE,
        &["Permute"],
        &[("perm", "the batch in its place")],
        transpose::float,
    ),
    both(Code::PRELU, &["PReLU"], &[], prelu::float, prelu::quantized),
    both(
        Code::CONCATENATION,
        &["Concatenate"],
        &[("axis", "the last")],
        concatenation::float,
        concatenation::quantized,
    ),
    both(
        Code::PAD,
        &["ZeroPadding2D"],
        &[("paddings", "of rows and columns")],
        pad::float,
        pad::quantized,
    ),
    both(
        Code::RESHAPE,
        SHAPE,
        &[],
        reshape::float,
        reshape::quantized,
    ),
    both(
        Code::SQUEEZE,
        SHAPE,
        &[],
        reshape::float,
        reshape::quantized,
    ),
    both(
        Code::EXPAND_DIMS,
        SHAPE,
        &[],
        reshape::float,
        reshape::quantized,
    ),
    both(
        Code::RELU,
        FUNCTION,
        &[],
        activations::float,
        activations::quantized,
    ),
    both(
        Code::RELU6,
        FUNCTION,
        &[],
        activations::float,
        activations::quantized,
    ),
    both(
        Code::LEAKY_RELU,
        FUNCTION,
        &[("alpha", "any number")],
        activations::float,
        activations::quantized,
    ),
    both(
        Code::LOGISTIC,
        FUNCTION,
        &[],
        activations::float,
        activations::quantized,
    ),
    both(
        Code::TANH,
        FUNCTION,
        &[],
        activations::float,
        activations::quantized,
    ),
    both(
        Code::HARD_SWISH,
        FUNCTION,
        &[],
        activations::float,
        activations::quantized,
    ),
    both(
        Code::SOFTMAX,
        FUNCTION,
        &[("beta", "1, or of integers any number")],
        softmax::float,
        softmax::quantized,
    ),
    integers(Code::QUANTIZE, &[], &[], quantize::quantized),
];

/// What is to be known of the attributes of operators.
pub(crate) const NOTES: &str = "An option that is not listed is not looked at.";

/// What the format has for layers.
pub fn supported() -> Vec<Supported> {
    let of_operator = |operator: &Operator| Supported {
        names: vec![operator.code.variant_name().unwrap_or_default().to_owned()],
        kinds: operator.kinds.to_vec(),
        attributes: operator
            .attributes
            .iter()
            .map(|&(name, values)| (name.to_owned(), values.to_owned()))
            .collect(),
    };
    OPERATORS.iter().map(of_operator).collect()
}

/// The names of all operators that are read.
pub(super) fn names() -> String {
    let names = OPERATORS.iter().filter_map(|o| o.code.variant_name());
    names.collect::<Vec<_>>().join(", ")
}

fn of(node: &Node<'_>) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.code == node.code)
}

/// What reads `node` in a network of real numbers.
pub(super) fn float_reader(node: &Node<'_>) -> Option<Reader<Layer>> {
    of(node)?.float
}

/// What reads `node` in a network of integers.
pub(super) fn quantized_reader(node: &Node<'_>) -> Option<Reader<quantized::Layer>> {
    of(node)?.quantized
}

/// The places of what an operator computes with: all its inputs, but of those that move values
/// about only the first, since the others are shapes.
pub(super) fn operands<'n>(node: &'n Node<'_>) -> impl Iterator<Item = usize> + 'n {
    let count = match node.code {
        Code::RESHAPE | Code::SQUEEZE | Code::EXPAND_DIMS | Code::SHAPE => 1,
        _ => node.inputs.len(),
    };
    node.inputs.iter().take(count).copied().flatten()
}

/// Whether `layer` does nothing at inference.
pub(super) fn passes_on(layer: &Layer) -> bool {
    matches!(layer, Layer::Dropout(_))
}

/// Writes a layer of real numbers.
pub(super) fn write_float(layer: &Layer, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    match layer {
        Layer::Conv2D(conv) => conv_2d::write_float(conv, site),
        Layer::DepthwiseConv2D(conv) => depthwise_conv_2d::write_float(conv, site),
        Layer::Dense(dense) => fully_connected::write_float(dense, site),
        Layer::MaxPool2D(pool) => max_pool_2d::write_float(pool, site),
        Layer::AveragePool2D(pool) => average_pool_2d::write_float(pool, site),
        Layer::GlobalAveragePool2D(_) => mean::write(site, (Code::MEAN, 1), false),
        Layer::Activation(activation) => activations::write_float(activation.function, site),
        Layer::ZeroPadding2D(padding) => {
            pad::write(site, 1, [padding.vertical, padding.horizontal])
        }
        Layer::GlobalMaxPool2D(_) => mean::write(site, (Code::REDUCE_MAX, 1), false),
        Layer::Add(_) => elementwise::write(Operation::Add, site),
        Layer::Subtract(_) => elementwise::write(Operation::Subtract, site),
        Layer::Multiply(_) => elementwise::write(Operation::Multiply, site),
        Layer::Rescaling(rescaling) => elementwise::write_rescaling(rescaling, site),
        Layer::Maximum(_) => extremes::write((Code::MAXIMUM, 1), site),
        Layer::Minimum(_) => extremes::write((Code::MINIMUM, 1), site),
        Layer::PReLU(slopes) => prelu::write_float(slopes, site),
        Layer::Conv2DTranspose(conv) => transpose_conv::write_float(conv, site),
        Layer::UpSampling2D(_) => resize_nearest_neighbor::write(site, 1),
        Layer::Permute(permute) => transpose::write(permute, site),
        Layer::Concatenate(_) => concatenation::write(site, 1),
        Layer::Flatten(_) | Layer::Reshape(_) => reshape::write(site),
        other => Err(Formless {
            attribute: "class_name",
            value: other.kind().to_owned(),
            supported: "Conv2D, DepthwiseConv2D, Conv2DTranspose, Dense, MaxPooling2D, \
                        AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, \
                        UpSampling2D, Activation, PReLU, Rescaling, ZeroPadding2D, Add, Subtract, \
                        Multiply, Maximum, Minimum, Concatenate, Permute, Reshape, Flatten; fold \
                        normalization into the layer before it",
        }),
    }
}

/// Writes a layer of integers.
pub(super) fn write_quantized(
    layer: &quantized::Layer,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    use quantized::Layer as Q;
    match layer {
        Q::Input(_) => Ok(()),
        Q::Conv2D(conv) => conv_2d::write_quantized(conv, site),
        Q::DepthwiseConv2D(conv) => depthwise_conv_2d::write_quantized(conv, site),
        Q::Conv2DTranspose(conv) => transpose_conv::write_quantized(conv, site),
        Q::Dense(dense) => fully_connected::write_quantized(dense, site),
        Q::MaxPool2D(pool) => max_pool_2d::write_quantized(pool, site),
        Q::AveragePool2D(pool) => average_pool_2d::write_quantized(pool, site),
        Q::GlobalAveragePool2D(pool) => mean::write(site, (Code::MEAN, 2), pool.keep_dims),
        Q::UpSampling2D(_) => resize_nearest_neighbor::write(site, 2),
        Q::ZeroPadding2D(padding) => pad::write(site, 2, [padding.vertical, padding.horizontal]),
        Q::Relu(relu) => activations::write_relu(relu.clamp, site),
        Q::LeakyRelu(leaky) => activations::write_leaky_relu(leaky.slope, site, 2),
        Q::PReLU(slopes) => prelu::write_quantized(slopes, site),
        Q::Sigmoid(_) => activations::write(site, Code::LOGISTIC, 2),
        Q::Tanh(_) => activations::write(site, Code::TANH, 2),
        Q::HardSwish(_) => activations::write(site, Code::HARD_SWISH, 1),
        Q::Softmax(softmax) => softmax::write(softmax.beta, site, 2),
        Q::Requantize(_) => activations::write(site, Code::QUANTIZE, 2),
        Q::Add(sum) => add::write_quantized(sum, site),
        Q::Subtract(difference) => sub::write_quantized(difference, site),
        Q::Multiply(product) => mul::write_quantized(product, site),
        Q::Maximum(_) => extremes::write((Code::MAXIMUM, 2), site),
        Q::Minimum(_) => extremes::write((Code::MINIMUM, 2), site),
        Q::Concatenate(_) => concatenation::write(site, 2),
        Q::Reshape(_) => reshape::write(site),
    }
}
