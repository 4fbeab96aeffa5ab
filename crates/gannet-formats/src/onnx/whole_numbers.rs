//! Networks whose input is of integers, such as pixels: what only moves, chooses or limits them
//! computes the same in real numbers, until they are made such.

use std::collections::HashSet;

use super::{
    call::name,
    constant::Element,
    schema::{self, data_type},
};
use crate::{Obstacle, Obstacles};

/// Operators that give nothing but values that they take, or limits of them.
const KEEPS: &[&str] = &[
    "Clip",
    "Concat",
    "Dropout",
    "Flatten",
    "Gather",
    "GlobalMaxPool",
    "Identity",
    "Max",
    "MaxPool",
    "Min",
    "Pad",
    "ReduceMax",
    "Relu",
    "Reshape",
    "Shape",
    "Slice",
    "Split",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
];

/// Whether every integer of the type is a number of `f32`.
pub(super) fn is_exact(element: Element) -> bool {
    use Element as E;
    matches!(
        element,
        E::Bool | E::I4 | E::U4 | E::I8 | E::U8 | E::I16 | E::U16
    )
}

/// Notes every node that computes with the integers of `input` and is not the same in real
/// numbers.
pub(super) fn follow(graph: &schema::Graph, input: &str, obstacles: &mut Obstacles) {
    let mut whole: HashSet<&str> = HashSet::from([input]);
    for node in &graph.node {
        if !node
            .input
            .iter()
            .any(|input| whole.contains(input.as_str()))
        {
            continue;
        }
        if node.op_type == "DequantizeLinear" || is_cast_to_float(node) {
            continue;
        }
        if !KEEPS.contains(&node.op_type.as_str()) {
            obstacles.0.push(Obstacle {
                layer: name(node).to_owned(),
                class: node.op_type.clone(),
                attribute: "inputs".to_owned(),
                value: "integers".to_owned(),
                supported: "real numbers; put a Cast to float32 before it".to_owned(),
            });
        }
        whole.extend(node.output.iter().map(String::as_str));
    }
}

fn is_cast_to_float(node: &schema::Node) -> bool {
    let to = node.attribute.iter().find(|a| a.name == "to");
    let to = to.and_then(|a| a.i).and_then(|to| i32::try_from(to).ok());
    let floats = [data_type::FLOAT16, data_type::FLOAT, data_type::DOUBLE];
    node.op_type == "Cast" && to.is_some_and(|to| floats.contains(&to))
}
