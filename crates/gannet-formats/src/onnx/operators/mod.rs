//! The operators: one file a family, each with a function that turns a node into layers, and
//! one line in [`OPERATORS`].

mod activation;
mod arithmetic;
mod convolution;
mod cutting;
mod dequantization;
mod joining;
mod normalization;
mod padding;
mod pooling;
mod product;
mod reduction;
mod reshaping;
mod resizing;
mod slopes;
mod softmax;
mod transposed_convolution;
mod unchanged;
mod window;

use super::{
    call::{Call, Given, Stop, Value, name},
    fold, schema,
};
use crate::{Obstacle, Obstacles, Supported};

/// An operator of ONNX.
pub(super) struct Operator {
    /// ONNX's name.
    pub name: &'static str,
    /// The kinds of the graph that become of it; none if it leaves no layer.
    pub kinds: &'static [&'static str],
    /// The attributes of all versions, with the values that are taken. Another attribute is
    /// an obstacle.
    pub attributes: &'static [(&'static str, &'static str)],
    /// Adds the layers of a node.
    pub import: fn(&mut Call<'_>) -> Given,
}

/// Every operator that is read where it depends on the network's input.
pub(super) const OPERATORS: &[Operator] = &[
    arithmetic::ADD,
    arithmetic::SUB,
    arithmetic::MUL,
    arithmetic::DIV,
    arithmetic::SUM,
    arithmetic::MAX,
    arithmetic::MIN,
    arithmetic::NEG,
    activation::RELU,
    activation::LEAKY_RELU,
    slopes::P_RELU,
    activation::CLIP,
    activation::SIGMOID,
    activation::HARD_SIGMOID,
    activation::TANH,
    activation::SOFTPLUS,
    activation::ELU,
    activation::SELU,
    activation::GELU,
    activation::SWISH,
    activation::HARD_SWISH,
    softmax::SOFTMAX,
    softmax::LOG_SOFTMAX,
    convolution::CONV,
    transposed_convolution::CONV_TRANSPOSE,
    pooling::MAX_POOL,
    pooling::AVERAGE_POOL,
    product::GEMM,
    product::MAT_MUL,
    normalization::BATCH_NORMALIZATION,
    reduction::GLOBAL_AVERAGE_POOL,
    reduction::GLOBAL_MAX_POOL,
    reduction::REDUCE_MEAN,
    reduction::REDUCE_MAX,
    reshaping::FLATTEN,
    reshaping::RESHAPE,
    reshaping::SQUEEZE,
    reshaping::UNSQUEEZE,
    reshaping::TRANSPOSE,
    reshaping::SHAPE,
    joining::CONCAT,
    cutting::SLICE,
    cutting::SPLIT,
    cutting::GATHER,
    padding::PAD,
    resizing::RESIZE,
    resizing::UPSAMPLE,
    unchanged::IDENTITY,
    unchanged::DROPOUT,
    unchanged::CAST,
    dequantization::DEQUANTIZE_LINEAR,
];

/// What a node gives. All that it has and Gannet does not is noted.
pub(super) fn import(call: &mut Call<'_>, folds: &mut fold::Budget) -> Given {
    let constant = |input: &Value| matches!(input, Value::Constant(_) | Value::Absent);
    if call.inputs.iter().all(constant)
        && let Some(folded) = fold::fold(call, folds)
    {
        return folded.map_err(|what| {
            call.refuse("inputs", what, "constants that can be computed at import")
        });
    }
    let Some(operator) = by_name(call.node) else {
        return Err(call.refuse("op_type", named(call.node), names()));
    };
    let known = |attribute: &&schema::Attribute| {
        let mut names = operator.attributes.iter().map(|(name, _)| *name);
        names.any(|name| name == attribute.name)
    };
    let node = call.node;
    for attribute in node.attribute.iter().filter(|a| !known(a)) {
        call.refuse(
            &attribute.name,
            "an attribute that is not read",
            "the attributes that ONNX gives this operator",
        );
    }
    let given = (operator.import)(call)?;
    let unread = node.output.iter().skip(given.len());
    for output in unread.filter(|output| !output.is_empty()) {
        if call.readers.is_read(output) {
            call.refuse("outputs", output, "the first output alone");
        }
    }
    Ok(given)
}

/// Notes every node whose operator is not known, of a network that is not followed.
pub(super) fn check_names(graph: &schema::Graph, obstacles: &mut Obstacles) {
    for node in &graph.node {
        if by_name(node).is_none() && !fold::folds(&node.op_type) {
            obstacles.0.push(Obstacle {
                layer: name(node).to_owned(),
                class: node.op_type.clone(),
                attribute: "op_type".to_owned(),
                value: named(node),
                supported: names(),
            });
        }
    }
}

/// What ONNX has for each kind of layer, an operator once for each kind that becomes of it.
pub(super) fn supported() -> Vec<Supported> {
    let of = |name: &str, kinds, attributes| Supported {
        names: vec![name.to_owned()],
        kinds,
        attributes,
    };
    let mut all = vec![of("input of the graph", vec!["InputLayer"], Vec::new())];
    for operator in OPERATORS {
        let attributes = operator.attributes.iter();
        let attributes: Vec<(String, String)> = attributes
            .map(|&(name, values)| (name.to_owned(), values.to_owned()))
            .collect();
        if operator.kinds.is_empty() {
            all.push(of(operator.name, Vec::new(), attributes));
            continue;
        }
        for &kind in operator.kinds {
            all.push(of(operator.name, vec![kind], attributes.clone()));
        }
    }
    all
}

fn by_name(node: &schema::Node) -> Option<&'static Operator> {
    let own = matches!(node.domain.as_str(), "" | "ai.onnx");
    OPERATORS
        .iter()
        .find(|operator| own && operator.name == node.op_type)
}

/// An operator with its domain, if that is not ONNX's own.
fn named(node: &schema::Node) -> String {
    match node.domain.as_str() {
        "" | "ai.onnx" => node.op_type.clone(),
        domain => format!("{domain}.{}", node.op_type),
    }
}

fn names() -> String {
    let names: Vec<&str> = OPERATORS.iter().map(|operator| operator.name).collect();
    names.join(", ")
}

/// The one value of a node, or why there is none.
type Single = Result<super::network::Activation, Stop>;

/// What a node of one output gives.
fn single(value: Single) -> Given {
    value.map(|value| vec![Value::Activation(value)])
}
