//! Values and weights of integers: pairs of `QuantizeLinear` and `DequantizeLinear` behind the
//! nodes that give a value, and `DequantizeLinear` behind weights.

use std::collections::HashMap;

use gannet_graph::{
    Graph, NodeId, Tensor,
    quantized::{Element, End, Quantization},
};

use super::writer::{Writer, int};
use crate::onnx::schema::data_type;

/// A network of real numbers, and what becomes of its values and weights.
#[derive(Debug)]
pub(in crate::onnx) struct Rounded {
    /// The network. Weights are the integers themselves.
    pub graph: Graph,
    /// What each node's value is rounded to, if it is.
    pub values: Vec<Option<Quantization>>,
    /// The scales of layers that have weights, by their names.
    pub weights: HashMap<String, WeightScales>,
    /// What the network takes.
    pub input_end: End,
    /// What the network gives.
    pub output_end: End,
}

impl Rounded {
    /// ONNX's type of the value of node `id` at an end of the network.
    pub fn element(&self, id: NodeId, end: End) -> i32 {
        match (end, self.values[id.index()]) {
            (End::Integers, Some(quantization)) => element(quantization),
            _ => data_type::FLOAT,
        }
    }
}

/// What the integers of a layer's weights stand for. Those of a bias have the product of both
/// scales.
#[derive(Debug)]
pub(in crate::onnx) struct WeightScales {
    /// The scale of what comes in.
    pub input: f32,
    /// One for all weights, or one for each output channel.
    pub kernel: Vec<f32>,
    /// Which axis of the weights, in ONNX's order, is that of the output channels.
    pub axis: usize,
    /// The integer that stands for 0.
    pub zero_point: i32,
}

/// Writes what rounds the value of node `id`, behind its node.
pub(super) fn round(writer: &mut Writer<'_>, rounded: &Rounded, id: NodeId) {
    let Some(quantization) = rounded.values[id.index()] else {
        return;
    };
    let name = rounded.graph.node(id).name();
    let scale = writer.scalar(name, "scale", quantization.scale());
    // The same bits for both types of 8 bits.
    let zero = [quantization.zero_point() as u8];
    let element = element(quantization);
    let zero = writer.initializer(name, "zero_point", &[], element, zero.to_vec());
    let behind = |value: String| vec![value, scale.clone(), zero.clone()];
    let is_input = rounded.graph.node(id).inputs().is_empty();
    let mut value = writer.value(id);
    if !is_input || rounded.input_end == End::Floats {
        value = writer.beside(name, "QuantizeLinear", behind(value), vec![]);
    }
    if id == rounded.graph.output() && rounded.output_end == End::Integers {
        writer.call(id, value);
        return;
    }
    let value = writer.beside(name, "DequantizeLinear", behind(value), vec![]);
    writer.call(id, value);
}

/// ONNX's type of the integers of a value.
fn element(quantization: Quantization) -> i32 {
    match quantization.element() {
        Element::U8 => data_type::UINT8,
        Element::I8 | Element::I16 => data_type::INT8,
    }
}

/// Writes a kernel, slopes or a bias of whole numbers as integers; the name of the real numbers.
pub(super) fn weights(
    writer: &mut Writer<'_>,
    layer: &str,
    weight: &str,
    tensor: &Tensor,
    scales: &WeightScales,
) -> String {
    let whole = tensor.data().iter();
    let is_bias = weight == "bias";
    let (element, raw): (i32, Vec<u8>) = if is_bias {
        let bytes = whole.flat_map(|&value| (value as i32).to_le_bytes());
        (data_type::INT32, bytes.collect())
    } else {
        (
            data_type::INT8,
            whole.map(|&value| value as i8 as u8).collect(),
        )
    };
    let dims = tensor.shape().dims();
    let (axis, factor, zero_point) = if is_bias {
        (0, scales.input, 0)
    } else {
        (scales.axis, 1.0, scales.zero_point)
    };
    let values: Vec<f32> = scales.kernel.iter().map(|scale| scale * factor).collect();
    let scale = match values.as_slice() {
        &[one] => writer.scalar(layer, &format!("{weight}/scale"), one),
        several => {
            let scales = Tensor::from_fn([several.len()], |i| several[i]);
            writer.floats(layer, &format!("{weight}/scale"), &scales)
        }
    };
    let mut inputs = vec![writer.initializer(layer, weight, dims, element, raw), scale];
    // It is 0 where none is written.
    if zero_point != 0 {
        let raw = vec![zero_point as i8 as u8];
        inputs.push(writer.initializer(layer, &format!("{weight}/zero_point"), &[], element, raw));
    }
    let attributes = vec![int("axis", axis as i64)];
    let name = format!("{layer}/{weight}");
    writer.beside(&name, "DequantizeLinear", inputs, attributes)
}
