//! Quantized networks as ONNX's pairs of `QuantizeLinear` and `DequantizeLinear`: every layer
//! computes in real numbers, and what comes in and goes out is rounded to integers.
//!
//! [`real`] makes a network of real numbers with the same layers for the exporter; [`strip`]
//! takes the pairs out of a file for the importer, and [`assemble`] puts what they say and the
//! network that was imported together. `QLinearConv` and `QLinearMatMul` are read as the pairs
//! that they stand for.

mod assemble;
mod real;
mod strip;

use gannet_graph::QuantizedGraph;

use super::{export, import, schema, wire};
use crate::{FormatError, Obstacles};

/// Whether a file's network has integers in it.
pub(super) fn is_quantized(graph: &schema::Graph) -> bool {
    graph.node.iter().any(|node| {
        matches!(
            node.op_type.as_str(),
            "QuantizeLinear" | "DequantizeLinear" | "QLinearConv" | "QLinearMatMul"
        )
    })
}

/// The network in a model with integers.
///
/// # Errors
/// [`FormatError::Unsupported`] with everything that has no quantized form.
pub(super) fn read(model: schema::Model) -> Result<QuantizedGraph, FormatError> {
    let mut obstacles = Obstacles::default();
    let (model, notes) = strip::strip(model, &mut obstacles);
    if !obstacles.0.is_empty() {
        return Err(FormatError::Unsupported(obstacles));
    }
    assemble::assemble(&import::import(&model)?, &notes)
}

/// The bytes of a file with `graph`.
///
/// # Errors
/// [`FormatError::Unwritable`] with all layers that have no form in ONNX.
pub(super) fn to_bytes(graph: &QuantizedGraph) -> Result<Vec<u8>, FormatError> {
    let real = real::real(graph)?;
    Ok(wire::encode(&export::quantized(&real)))
}
