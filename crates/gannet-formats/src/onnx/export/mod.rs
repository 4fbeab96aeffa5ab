//! A graph to a model: one node of ONNX or a few for each layer, in ONNX's order of axes.
//!
//! Images become `[batch, channels, height, width]`, with an open batch. A flattened image
//! has its features in the order of channels then, and the dense layer behind it the rows of
//! its kernel.

mod activation;
mod layer;
mod order;
mod rounding;
mod writer;

use gannet_graph::Graph;

pub(super) use rounding::{Rounded, WeightScales};

use super::{schema::Model, wire};
use writer::Writer;

/// Read by everything that reads ONNX since 2022.
const OPSET: i64 = 17;

/// The file form that belongs to it.
const IR_VERSION: i64 = 8;

/// The file form of versions of the operators up to 20.
const NEWER_IR_VERSION: i64 = 9;

/// The bytes of a file with `graph`.
pub(super) fn to_bytes(graph: &Graph) -> Vec<u8> {
    wire::encode(&model(graph))
}

/// The model of a network whose values are rounded to integers.
pub(super) fn quantized(rounded: &Rounded) -> Model {
    let forms = order::forms(&rounded.graph);
    let mut writer = Writer::new(&rounded.graph, forms);
    writer.rounded = Some(rounded);
    for id in rounded.graph.ids() {
        layer::write(&mut writer, id);
        rounding::round(&mut writer, rounded, id);
    }
    writer.finish()
}

/// The model of `graph`.
fn model(graph: &Graph) -> Model {
    let graph = graph.normal_form();
    let forms = order::forms(&graph);
    let mut writer = Writer::new(&graph, forms);
    for id in graph.ids() {
        layer::write(&mut writer, id);
    }
    writer.finish()
}
