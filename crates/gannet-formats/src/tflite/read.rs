//! A network out of a TFLite file.
//!
//! The operators that the output needs are read one by one, each into a [`Step`]; everything
//! that stands in the way is told at once. A QUANTIZE behind an input of real numbers and a
//! DEQUANTIZE before such an output are the ends of a network of integers, no layers of it.

use std::{cell::RefCell, collections::HashMap};

use gannet_graph::{Graph, GraphError, Layer, NodeId, QuantizedGraph, quantized};

use super::{
    call::{self, Call, Step, Trouble},
    operators::{self, Reader},
    schema::tflite::{BuiltinOperator, TensorType},
    source::{Node, Source, damaged},
};
use crate::{FormatError, Model, Obstacle, Obstacles};

/// The network in the bytes of a `.tflite` file.
///
/// # Errors
/// If it is no TFLite file, or the network has something that Gannet does not have:
/// [`FormatError::Unsupported`] then lists all of it.
pub fn from_tflite(file: &[u8]) -> Result<Model, FormatError> {
    let source = Source::open(file)?;
    let (&[input], &[output]) = (source.inputs.as_slice(), source.outputs.as_slice()) else {
        return Err(unsupported(vec![Obstacle {
            layer: source.name.to_owned(),
            class: "network".to_owned(),
            attribute: "inputs and outputs".to_owned(),
            value: format!("{} and {}", source.inputs.len(), source.outputs.len()),
            supported: "one of each".to_owned(),
        }]));
    };
    let nodes = needed(&source, input, output)?;
    let is_integer = |place: usize| {
        matches!(
            source.tensors[place].element,
            TensorType::INT8 | TensorType::UINT8 | TensorType::INT16
        )
    };
    let integers = nodes.iter().any(|node| is_integer(node.outputs[0])) || is_integer(input);
    if integers {
        Ok(Model::Quantized(quantized(&source, &nodes, input, output)?))
    } else {
        Ok(Model::Float(float(&source, &nodes, input, output)?))
    }
}

fn unsupported(obstacles: Vec<Obstacle>) -> FormatError {
    FormatError::Unsupported(Obstacles(obstacles))
}

/// The operators between input and output, in the file's order. Those that compute constants,
/// or the shape that a RESHAPE brings its operand to, are not among them.
fn needed<'s>(
    source: &'s Source<'s>,
    input: usize,
    output: usize,
) -> Result<Vec<&'s Node<'s>>, FormatError> {
    let mut wanted = vec![false; source.tensors.len()];
    wanted[output] = true;
    // What reaches the input: forwards over the operators' order.
    let mut computed = vec![false; source.tensors.len()];
    computed[input] = true;
    for node in &source.nodes {
        let reached = operators::operands(node).any(|place| computed[place]);
        if reached {
            node.outputs
                .iter()
                .for_each(|&place| computed[place] = true);
        }
    }
    let mut nodes: Vec<&Node<'_>> = Vec::new();
    for node in source.nodes.iter().rev() {
        let Some(&result) = node.outputs.first() else {
            continue;
        };
        if !computed[result] || !node.outputs.iter().any(|&place| wanted[place]) {
            continue;
        }
        operators::operands(node).for_each(|place| wanted[place] = true);
        nodes.push(node);
    }
    nodes.reverse();
    if output != input && !computed[output] {
        return Err(damaged(
            "its output does not depend on its input".to_owned(),
        ));
    }
    Ok(nodes)
}

/// Reads every operator of `nodes`, or lists all that stands in the way.
fn steps<'s, L>(
    source: &'s Source<'s>,
    nodes: &[&'s Node<'s>],
    reader: impl Fn(&Node<'_>) -> Option<Reader<L>>,
) -> Result<Vec<(usize, Step<L>)>, FormatError> {
    let obstacles = RefCell::new(Vec::new());
    let mut steps = Vec::new();
    for &node in nodes {
        let call = Call {
            source,
            node,
            obstacles: &obstacles,
        };
        if node.outputs.len() != 1 {
            call.note("outputs", node.outputs.len(), "1");
            continue;
        }
        let Some(reader) = reader(node) else {
            call.note("operator", node.class(), &operators::names());
            continue;
        };
        match reader(&call) {
            Ok(step) => steps.push((call.output(), step)),
            Err(Trouble::Noted) => {}
            Err(Trouble::Format(error)) => {
                // What could not be read may be why.
                let noted = obstacles.into_inner();
                return Err(if noted.is_empty() {
                    error
                } else {
                    unsupported(noted)
                });
            }
        }
    }
    match obstacles.into_inner() {
        none if none.is_empty() => Ok(steps),
        obstacles => Err(unsupported(obstacles)),
    }
}

/// Adds the layers of all steps; the last of each step has its tensor's name.
fn build<L>(
    source: &Source<'_>,
    steps: Vec<(usize, Step<L>)>,
    (input, first): (usize, NodeId),
    mut add: impl FnMut(&str, L, &[NodeId]) -> Result<NodeId, GraphError>,
) -> Result<HashMap<usize, NodeId>, FormatError> {
    let mut ids = HashMap::from([(input, first)]);
    for (place, step) in steps {
        let mut inputs = step
            .operands
            .iter()
            .map(|operand| {
                ids.get(operand).copied().ok_or_else(|| {
                    damaged(format!(
                        "tensor '{}' is used before it is computed",
                        source.tensors[*operand].name
                    ))
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let name = source.tensors[place].name;
        for layer in step.layers {
            inputs = vec![add(name, layer, &inputs)?];
        }
        // A step without layers passes its operand on.
        let &[id] = inputs.as_slice() else {
            return Err(damaged(format!("tensor '{name}' comes from nothing")));
        };
        ids.insert(place, id);
    }
    Ok(ids)
}

/// A name for a tensor that has none.
fn named<'n>(name: &'n str, kind: &'n str) -> &'n str {
    if name.is_empty() { kind } else { name }
}

/// A graph gives what its last node gives, so that has to be the network's output.
fn is_output(id: Option<&NodeId>, last: NodeId) -> Result<(), FormatError> {
    if id == Some(&last) {
        return Ok(());
    }
    Err(damaged(
        "its output does not stand behind all other operators".to_owned(),
    ))
}

fn input_shape(source: &Source<'_>, input: usize) -> Result<gannet_graph::Shape, FormatError> {
    let tensor = &source.tensors[input];
    call::shape(&tensor.shape).ok_or_else(|| {
        unsupported(vec![Obstacle {
            layer: tensor.name.to_owned(),
            class: "input".to_owned(),
            attribute: "shape".to_owned(),
            value: format!("{:?}", tensor.shape),
            supported: "a batch of 1 and at least one extent behind it, none of them 0".to_owned(),
        }])
    })
}

fn float(
    source: &Source<'_>,
    nodes: &[&Node<'_>],
    input: usize,
    output: usize,
) -> Result<Graph, FormatError> {
    let shape = input_shape(source, input)?;
    let steps = steps::<Layer>(source, nodes, operators::float_reader)?;
    let name = named(source.tensors[input].name, "input");
    let mut graph = Graph::with_input(named(source.name, "network"), name, shape)?;
    let first = graph.output();
    let ids = build(source, steps, (input, first), |name, layer, inputs| {
        let name = graph.free_name(named(name, layer.kind()));
        graph.add(name, layer, inputs)
    })?;
    is_output(ids.get(&output), graph.output())?;
    Ok(graph)
}

fn quantized(
    source: &Source<'_>,
    nodes: &[&Node<'_>],
    input: usize,
    output: usize,
) -> Result<QuantizedGraph, FormatError> {
    let (nodes, first, input_end) = match nodes {
        [node, rest @ ..]
            if node.code == BuiltinOperator::QUANTIZE
                && source.tensors[input].element == TensorType::FLOAT32 =>
        {
            (rest, node.outputs[0], quantized::End::Floats)
        }
        _ => (nodes, input, quantized::End::Integers),
    };
    let (nodes, last, output_end) = match nodes {
        [rest @ .., node]
            if node.code == BuiltinOperator::DEQUANTIZE && node.outputs[0] == output =>
        {
            let operand = node.inputs.first().copied().flatten();
            (rest, operand.unwrap_or(output), quantized::End::Floats)
        }
        _ => (nodes, output, quantized::End::Integers),
    };
    let shape = input_shape(source, first)?;
    let quantization =
        call::quantization(&source.tensors[first]).map_err(|(value, supported)| {
            unsupported(vec![Obstacle {
                layer: source.tensors[first].name.to_owned(),
                class: "input".to_owned(),
                attribute: "type".to_owned(),
                value,
                supported: supported.to_owned(),
            }])
        })?;
    let steps = steps::<quantized::Layer>(source, nodes, operators::quantized_reader)?;
    let name = named(source.tensors[input].name, "input");
    let mut graph = QuantizedGraph::with_input(
        named(source.name, "network"),
        name,
        quantized::TensorType::new(shape, quantization),
    )?;
    graph.input_end = input_end;
    graph.output_end = output_end;
    let start = graph.output();
    let ids = build(source, steps, (first, start), |name, layer, inputs| {
        let name = graph.free_name(named(name, layer.kind()));
        graph.add(name, layer, inputs)
    })?;
    is_output(ids.get(&last), graph.output())?;
    check_types(source, &graph, &ids)?;
    Ok(graph)
}

/// Every tensor of the file has the quantization that its layer gives: those of softmax, for
/// one, are fixed.
fn check_types(
    source: &Source<'_>,
    graph: &QuantizedGraph,
    ids: &HashMap<usize, NodeId>,
) -> Result<(), FormatError> {
    let mut obstacles = Vec::new();
    for (&place, &id) in ids {
        let tensor = &source.tensors[place];
        let needed = graph.node(id).output().quantization;
        let found = call::quantization(tensor).map_err(|(value, _)| value);
        if found.as_ref() != Ok(&needed) {
            obstacles.push(Obstacle {
                layer: tensor.name.to_owned(),
                class: graph.node(id).layer().kind().to_owned(),
                attribute: "output".to_owned(),
                value: found.map_or_else(|value| value, |found| found.to_string()),
                supported: needed.to_string(),
            });
        }
    }
    obstacles.sort_by(|a, b| a.layer.cmp(&b.layer));
    match obstacles {
        none if none.is_empty() => Ok(()),
        obstacles => Err(unsupported(obstacles)),
    }
}
