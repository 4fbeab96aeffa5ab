//! A TFLite file of a network.

use std::collections::HashMap;

use gannet_graph::{
    Graph, NodeId, QuantizedGraph, Shape,
    quantized::{Element, End, Quantization},
};

use super::{
    operators,
    schema::tflite::{BuiltinOperator, TensorType},
    writer::{Elements, Writer},
};
use crate::{FormatError, ModelRef, Obstacle, Obstacles};

/// Where a layer is written: behind its inputs, before its output.
pub(super) struct Site<'s, 'b> {
    pub writer: &'s mut Writer<'b>,
    pub name: &'s str,
    pub inputs: Vec<i32>,
    pub output: i32,
    pub output_shape: &'s Shape,
    /// The scale of the first input, if it is of integers.
    pub input_scale: f32,
}

impl Site<'_, '_> {
    /// The name of something that belongs to the layer.
    pub fn part(&self, part: &str) -> String {
        format!("{}/{part}", self.name)
    }
}

/// The bytes of a `.tflite` file with the network.
///
/// # Errors
/// [`FormatError::Unwritable`] with all layers that have no form in TFLite.
pub fn to_tflite(model: ModelRef<'_>) -> Result<Vec<u8>, FormatError> {
    match model {
        ModelRef::Float(graph) => float(graph),
        ModelRef::Quantized(graph) => quantized(graph),
    }
}

fn float(graph: &Graph) -> Result<Vec<u8>, FormatError> {
    let graph = graph.borders_apart()?;
    let mut writer = Writer::new();
    let mut obstacles = Vec::new();
    let mut places: HashMap<NodeId, i32> = HashMap::new();
    let elements = Elements::plain(TensorType::FLOAT32);
    for id in graph.ids() {
        let node = graph.node(id);
        if operators::passes_on(node.layer()) {
            places.insert(id, places[&node.inputs()[0]]);
            continue;
        }
        let output = writer.activation(node.name(), node.output_shape(), &elements);
        places.insert(id, output);
        if node.inputs().is_empty() {
            continue;
        }
        let mut site = Site {
            writer: &mut writer,
            name: node.name(),
            inputs: node.inputs().iter().map(|input| places[input]).collect(),
            output,
            output_shape: node.output_shape(),
            input_scale: 1.0,
        };
        if let Err(obstacle) = operators::write_float(node.layer(), &mut site) {
            obstacles.push(in_layer(node.name(), node.layer().kind(), obstacle));
        }
    }
    written(obstacles)?;
    let (input, output) = (
        places[&graph.ids().next().expect("an input")],
        places[&graph.output()],
    );
    Ok(writer.finish(graph.name(), input, output))
}

fn quantized(graph: &QuantizedGraph) -> Result<Vec<u8>, FormatError> {
    let mut writer = Writer::new();
    let mut obstacles = Vec::new();
    let mut places: Vec<i32> = Vec::new();
    let plain = Elements::plain(TensorType::FLOAT32);
    let mut input = 0;
    for id in graph.ids() {
        let node = graph.node(id);
        let output = node.output();
        let is_input = node.inputs().is_empty();
        let name = match (is_input, graph.input_end) {
            (true, End::Floats) => format!("{}/quantized", node.name()),
            _ => node.name().to_owned(),
        };
        let place = writer.activation(&name, &output.shape, &elements(output.quantization));
        places.push(place);
        if is_input {
            input = place;
            if graph.input_end == End::Floats {
                input = writer.activation(node.name(), &output.shape, &plain);
                writer.operator((BuiltinOperator::QUANTIZE, 1), &[input], place, None);
            }
            continue;
        }
        let first = graph.node(node.inputs()[0]).output();
        let mut site = Site {
            writer: &mut writer,
            name: node.name(),
            inputs: node
                .inputs()
                .iter()
                .map(|input| places[input.index()])
                .collect(),
            output: place,
            output_shape: &output.shape,
            input_scale: first.quantization.scale(),
        };
        if let Err(obstacle) = operators::write_quantized(node.layer(), &mut site) {
            obstacles.push(in_layer(node.name(), node.layer().kind(), obstacle));
        }
    }
    written(obstacles)?;
    let mut output = places[graph.output().index()];
    if graph.output_end == End::Floats {
        let name = format!("{}/dequantized", graph.node(graph.output()).name());
        let real = writer.activation(&name, &graph.output_type().shape, &plain);
        writer.operator((BuiltinOperator::DEQUANTIZE, 2), &[output], real, None);
        output = real;
    }
    Ok(writer.finish(graph.name(), input, output))
}

/// What of a layer has no form in TFLite.
pub(super) struct Formless {
    pub attribute: &'static str,
    pub value: String,
    pub supported: &'static str,
}

fn in_layer(layer: &str, class: &str, formless: Formless) -> Obstacle {
    Obstacle {
        layer: layer.to_owned(),
        class: class.to_owned(),
        attribute: formless.attribute.to_owned(),
        value: formless.value,
        supported: formless.supported.to_owned(),
    }
}

fn written(obstacles: Vec<Obstacle>) -> Result<(), FormatError> {
    if obstacles.is_empty() {
        return Ok(());
    }
    Err(FormatError::Unwritable(Obstacles(obstacles)))
}

/// The type of an activation of integers.
pub(super) fn elements(quantization: Quantization) -> Elements {
    let element = match quantization.element() {
        Element::I8 => TensorType::INT8,
        Element::U8 => TensorType::UINT8,
        Element::I16 => TensorType::INT16,
    };
    Elements::quantized(element, quantization)
}
