//! Quantized networks as ONNX's pairs of `QuantizeLinear` and `DequantizeLinear`: every layer
//! computes in real numbers, and what comes in and goes out is rounded to integers.
//!
//! [`real`] makes a network of real numbers with the same layers for the exporter; [`strip`]
//! takes the pairs out of a file for the importer, and [`assemble`] puts what they say and the
//! network that was imported together. Operators of integers, such as `QLinearConv`, are read as
//! the pairs that they stand for.

mod assemble;
mod integer_operators;
mod real;
mod strip;
mod wide_kernel;

use gannet_graph::QuantizedGraph;

use self::integer_operators::IntegerOperator;
use super::{Imported, export, import, schema, wire};
use crate::{FormatError, Obstacles};

/// Whether a file's network computes in integers. One that only has weights of integers, behind
/// `DequantizeLinear`, computes in real numbers.
pub(super) fn is_quantized(graph: &schema::Graph) -> bool {
    let rounds = |node: &schema::Node| node.op_type == "QuantizeLinear";
    let nodes = &mut graph.node.iter();
    nodes.any(|node| rounds(node) || IntegerOperator::of(node).is_some())
}

/// The network in a model with integers.
///
/// # Errors
/// [`FormatError::Unsupported`] with everything that has no quantized form.
pub(super) fn read(model: schema::Model) -> Result<Imported<QuantizedGraph>, FormatError> {
    let mut obstacles = Obstacles::default();
    let (model, notes) = strip::strip(model, &mut obstacles);
    match import::import(&model) {
        Ok(imported) if obstacles.0.is_empty() => {
            let graph = assemble::assemble(&imported, &notes)?;
            Ok(imported.map(|_| graph))
        }
        Ok(_) => Err(FormatError::Unsupported(obstacles)),
        Err(FormatError::Unsupported(others)) => {
            // A node that was refused here is no operator of real numbers.
            let refused: Vec<String> = obstacles.0.iter().map(|o| o.layer.clone()).collect();
            let others = others.0.into_iter();
            obstacles
                .0
                .extend(others.filter(|o| !refused.contains(&o.layer)));
            Err(FormatError::Unsupported(obstacles))
        }
        Err(error) => Err(error),
    }
}

/// The bytes of a file with `graph`.
///
/// # Errors
/// [`FormatError::Unwritable`] with all layers that have no form in ONNX.
pub(super) fn to_bytes(graph: &QuantizedGraph) -> Result<Vec<u8>, FormatError> {
    let real = real::real(graph)?;
    Ok(wire::encode(&export::quantized(&real)))
}
