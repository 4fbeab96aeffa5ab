//! Which activation functions become limits of the layer before them.

use gannet_graph::quantized::Clamp;
use gannet_graph::{Function, Graph, Layer, NodeId};

/// The activation behind node `id` that becomes a limit of it, and the limit.
pub(crate) fn fused(graph: &Graph, id: NodeId) -> Option<(NodeId, Clamp)> {
    let can_clamp = matches!(
        graph.node(id).layer(),
        Layer::Conv2D(_)
            | Layer::DepthwiseConv2D(_)
            | Layer::Conv2DTranspose(_)
            | Layer::Dense(_)
            | Layer::Add(_)
            | Layer::Subtract(_)
            | Layer::Multiply(_)
            | Layer::MaxPool2D(_)
            | Layer::AveragePool2D(_)
    );
    match graph.readers(id).as_slice() {
        &[reader] if can_clamp => Some((reader, clamp(graph.node(reader).layer())?)),
        _ => None,
    }
}

/// Whether node `id` becomes a limit of the layer before it.
pub(crate) fn is_fused(graph: &Graph, id: NodeId) -> bool {
    graph
        .node(id)
        .inputs()
        .first()
        .and_then(|&input| fused(graph, input))
        .is_some_and(|(reader, _)| reader == id)
}

fn clamp(layer: &Layer) -> Option<Clamp> {
    match layer {
        Layer::Activation(activation) => limit(activation.function),
        _ => None,
    }
}

/// The limit that a function is, if it is one.
pub(crate) fn limit(function: Function) -> Option<Clamp> {
    match function {
        Function::Relu => Some(Clamp::Relu),
        Function::Relu6 => Some(Clamp::Relu6),
        Function::Clip { low, high } if [low, high] == [-1.0, 1.0] => Some(Clamp::ReluN1To1),
        _ => None,
    }
}
