//! From a network to a Program: check, normalise, simplify, fold, fuse, lower.

use gannet_graph::Graph;

use crate::ir::Program;
use crate::simplify::simplify;
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

/// What can be chosen when a network is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// What the device is given for an image.
    pub input: InputFormat,
}

/// Compiles `graph` to a proven Program.
///
/// # Errors
/// [`CompileError::NotFinite`] if a weight is NaN or infinite, [`CompileError::Unsupported`] if
/// a layer cannot be compiled yet, [`CompileError::Empty`] if the network has no layer.
pub fn compile(graph: &Graph, options: &Options) -> Result<Program, CompileError> {
    all_finite(graph)?;
    supported::check(graph)?;
    let normal = simplify(&graph.normal_form());
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
    lower::lower(&normal, graph.hash().short(), input)
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
