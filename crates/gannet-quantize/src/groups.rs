//! Which integers stand for each activation: layers that only choose, move or average values
//! give the integers that they take, so whole groups of activations share one quantization.

use gannet_graph::quantized::{Element, Quantization, Sigmoid, Softmax, Tanh};
use gannet_graph::{Function, Graph, GraphError, Layer, NodeId};

use crate::fusion::{fused, is_fused};
use crate::range::Range;

/// The quantization of every node of `graph`, in order, from the ranges of their values.
///
/// # Errors
/// [`GraphError::Range`] if a range is not finite.
pub(crate) fn quantizations(
    graph: &Graph,
    ranges: &[Range],
) -> Result<Vec<Quantization>, GraphError> {
    let groups = groups(graph);
    let of_group = |group: usize| {
        if let Some(fixed) = fixed_member(graph, &groups, group) {
            return Ok(fixed);
        }
        let members = graph.ids().filter(|id| groups[id.index()] == group);
        members
            .filter(|&id| is_read(graph, id))
            .map(|id| ranges[id.index()])
            .fold(Range::ZERO, Range::hull)
            .quantization()
    };
    groups.iter().map(|&group| of_group(group)).collect()
}

/// The group of each node: the place of its first member.
fn groups(graph: &Graph) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..graph.nodes().len()).collect();
    for id in graph.ids() {
        let node = graph.node(id);
        if !keeps_integers(node.layer()) && !is_fused(graph, id) {
            continue;
        }
        for input in node.inputs() {
            // What has its integers already is brought to others where it is joined.
            let group = groups[input.index()];
            if brings_together(node.layer()) && fixed_member(graph, &groups, group).is_some() {
                continue;
            }
            let (one, other) = (groups[id.index()], groups[input.index()]);
            let (first, last) = (one.min(other), one.max(other));
            groups
                .iter_mut()
                .filter(|group| **group == last)
                .for_each(|group| *group = first);
        }
    }
    groups
}

/// The quantization that a member of the group has whatever its values are.
fn fixed_member(graph: &Graph, groups: &[usize], group: usize) -> Option<Quantization> {
    let members = graph.ids().filter(|id| groups[id.index()] == group);
    members
        .filter_map(|id| fixed(graph.node(id).layer()))
        .next()
}

/// Whether the layer gives values of several inputs, which have to be of one scale.
fn brings_together(layer: &Layer) -> bool {
    matches!(
        layer,
        Layer::Concatenate(_) | Layer::Maximum(_) | Layer::Minimum(_)
    )
}

/// Whether the layer gives integers of the scale that it takes.
fn keeps_integers(layer: &Layer) -> bool {
    match layer {
        Layer::MaxPool2D(_)
        | Layer::AveragePool2D(_)
        | Layer::UpSampling2D(_)
        | Layer::ZeroPadding2D(_)
        | Layer::Flatten(_)
        | Layer::Reshape(_) => true,
        Layer::Activation(activation) => activation.function == Function::Linear,
        layer => brings_together(layer),
    }
}

/// The quantization that TFLite's kernel of a function has, or that of pixels.
fn fixed(layer: &Layer) -> Option<Quantization> {
    let activation = match layer {
        Layer::Input(_) => return Some(pixels()),
        Layer::Activation(activation) => activation,
        _ => return None,
    };
    match activation.function {
        Function::Sigmoid => Some(Sigmoid::output(Element::I8)),
        Function::Softmax => Some(Softmax::output(Element::I8)),
        Function::Tanh => Some(Tanh::output(Element::I8)),
        _ => None,
    }
}

/// Bytes less 128: pixels are taken as 0 to 1 in 255 steps, so each byte has its integer.
fn pixels() -> Quantization {
    Quantization::new(Element::I8, 1.0 / 255.0, -128).expect("a sound quantization")
}

/// Whether the node's own values decide the range: not if only a limit or maxima of them are
/// ever read, because what is beyond the ends may be cut before as well as after.
fn is_read(graph: &Graph, id: NodeId) -> bool {
    let only_maxima = match graph.readers(id).as_slice() {
        &[reader] => matches!(graph.node(reader).layer(), Layer::MaxPool2D(_)),
        _ => false,
    };
    !only_maxima && fused(graph, id).is_none()
}

#[cfg(test)]
mod tests {
    use gannet_graph::{Activation, Dense, Flatten, MaxPool2D, Padding, Window};

    use super::*;

    /// The pool's 3 and not the 9 before it decides, and all five share its integers.
    #[test]
    fn what_is_never_read_does_not_count() {
        let pool = Window::new([2, 2], [2, 2], Padding::Valid).unwrap();
        let pixel = Window::new([1, 1], [1, 1], Padding::Valid).unwrap();
        let mut graph = Graph::new("net", [2, 2, 1]).unwrap();
        let conv = gannet_graph::Conv2D::zeros(pixel, 1, 1);
        graph.push("conv", conv).unwrap();
        graph.push("relu", Activation::new(Function::Relu)).unwrap();
        graph.push("pool", MaxPool2D::new(pool)).unwrap();
        graph.push("flat", Flatten).unwrap();
        graph.push("dense", Dense::zeros(1, 1)).unwrap();
        graph
            .push("sig", Activation::new(Function::Sigmoid))
            .unwrap();
        let ranges = [1.0, 20.0, 9.0, 3.0, 3.0, 5.0, 1.0].map(|high| Range::ZERO.with(high));
        let scales: Vec<f32> = quantizations(&graph, &ranges)
            .unwrap()
            .iter()
            .map(|quantization| quantization.scale())
            .collect();
        let three = 3.0 / 255.0;
        let five = 5.0 / 255.0;
        let expected = [1.0 / 255.0, three, three, three, three, five, 1.0 / 256.0];
        assert_eq!(scales, expected);
    }
}
