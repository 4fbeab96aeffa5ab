//! From a network to a Program: check, normalise, simplify, fold, fuse, lower.

use gannet_graph::Graph;
use gannet_graph::quantized::{self, QuantizedGraph};

use crate::ir::Program;
use crate::lower::integer::Integers;
use crate::{CompileError, lower, scale, supported};

/// What the device is given for an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InputFormat {
    /// The values that the network was trained on.
    F32,
    /// Bytes, of which the network was trained on `byte · scale`.
    U8 {
        /// The factor, 1/255 for pixels trained as 0 to 1.
        scale: f32,
    },
}

impl InputFormat {
    /// Pixels of a picture, trained as 0 to 1.
    pub const PIXELS: InputFormat = InputFormat::U8 { scale: 1.0 / 255.0 };
}

/// How the device is given an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Feed {
    /// All of it lies in memory before an inference.
    #[default]
    Whole,
    /// A row at a time; of earlier rows those are kept that are still to be read.
    Rows,
}

/// What can be chosen when a network is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// What the device is given for an image.
    pub input: InputFormat,
    /// How it is given.
    pub feed: Feed,
    /// What is done with zeros.
    pub zeros: Zeros,
    /// How weights are stored.
    pub sharing: Sharing,
    /// What is to be little.
    pub optimize: Optimize,
}

impl Options {
    /// Those for `input`, with all else as it is for most.
    pub const fn new(input: InputFormat) -> Options {
        Options {
            input,
            feed: Feed::Whole,
            zeros: Zeros::Multiplied,
            sharing: Sharing::Never,
            optimize: Optimize::Balanced,
        }
    }
}

/// How the weights of dense layers and convolutions of floats are stored. The bits are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sharing {
    /// Each by itself.
    #[default]
    Never,
    /// Where a layer's weights have few different values, by their places in a table of these
    /// ([`SharedValues`](gannet_graph::SharedValues)).
    WhereFew,
}

/// What the compiler gives the most for, where it has a choice. The bits are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Optimize {
    /// RAM: nothing is widened for the sake of time, neither a border nor a value.
    Ram,
    /// Each as far as it costs little of the others.
    #[default]
    Balanced,
    /// Time: rows and weights of integers that are multiplied have 16 bits where that takes fewer
    /// instructions, and blocks may take more code.
    Time,
}

/// What a network of integers does with bytes that are zero, such as those of a picture's blank
/// parts. The bits are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zeros {
    /// They are multiplied like all others: every picture takes the same time.
    Multiplied,
    /// Where a window's row has nothing else, it is passed over.
    Skipped,
}

/// Compiles `graph` to a proven Program.
///
/// # Errors
/// [`CompileError::NotFinite`] if a weight is NaN or infinite, [`CompileError::Unsupported`] if
/// a layer cannot be compiled yet, [`CompileError::Empty`] if the network has no layer.
pub fn compile(graph: &Graph, options: &Options) -> Result<Program, CompileError> {
    all_finite(graph)?;
    supported::check(graph)?;
    let normal = graph.simplified();
    if normal.nodes().len() < 2 {
        return Err(CompileError::Empty(graph.name().to_owned()));
    }
    let (normal, input) = match options.input {
        InputFormat::F32 => (normal, lower::Input::F32),
        InputFormat::U8 { scale } => match scale::fold_input_scale(&normal, scale) {
            Some(folded) => (folded, lower::Input::U8),
            None => (normal, lower::Input::Scaled(scale)),
        },
    };
    let hash = graph.hash().short();
    let way = lower::Way {
        input,
        feed: options.feed,
        sharing: options.sharing,
        optimize: options.optimize,
    };
    lower::lower(&normal, hash, way, None)
}

/// Compiles a network of integers to a proven Program. What it takes are the bytes of a picture,
/// or with [`InputFormat::F32`] the integers of its input; what it gives are the integers of its
/// output.
///
/// # Errors
/// [`CompileError::Integers`] if there is no integer code for a layer, [`CompileError::Empty`]
/// if the network has no layer.
pub fn compile_quantized(
    graph: &QuantizedGraph,
    options: &Options,
) -> Result<Program, CompileError> {
    let twin = lower::integer::twin(graph)?;
    supported::check(&twin)?;
    if twin.nodes().len() < 2 {
        return Err(CompileError::Empty(graph.name().to_owned()));
    }
    let integers = Integers {
        graph,
        of_bytes: takes_bytes(graph, options.input),
        zeros: options.zeros,
    };
    let input = match options.input {
        InputFormat::U8 { .. } if integers.of_bytes => lower::Input::U8,
        InputFormat::U8 { scale } => lower::Input::Scaled(scale),
        InputFormat::F32 => lower::Input::F32,
    };
    let hash = graph.hash().short();
    let way = lower::Way {
        input,
        feed: options.feed,
        sharing: Sharing::Never,
        optimize: options.optimize,
    };
    lower::lower(&twin, hash, way, Some(integers))
}

/// Whether the first layers can take the bytes of a picture for integers: each stands for
/// its byte less 128, and only layers read them that take zero points away.
fn takes_bytes(graph: &QuantizedGraph, input: InputFormat) -> bool {
    let InputFormat::U8 { scale } = input else {
        return false;
    };
    let quantization = graph.input_type().quantization;
    let image = graph.ids().next();
    let reads_less_zero = |id| {
        matches!(
            graph.node(id).layer(),
            quantized::Layer::Conv2D(_)
                | quantized::Layer::DepthwiseConv2D(_)
                | quantized::Layer::Dense(_)
        )
    };
    image.is_some_and(|id| graph.readers(id).into_iter().all(reads_less_zero))
        && (0..=255).all(|byte: i32| quantization.quantize(byte as f32 * scale) == byte - 128)
}

fn all_finite(graph: &Graph) -> Result<(), CompileError> {
    for node in graph.nodes() {
        for weight in node.layer().weights() {
            let values = weight.tensor.data();
            if let Some(position) = values.iter().position(|value| !value.is_finite()) {
                return Err(CompileError::NotFinite {
                    layer: node.name().to_owned(),
                    weight: weight.name,
                    position,
                    value: values[position].to_string(),
                });
            }
        }
    }
    Ok(())
}
