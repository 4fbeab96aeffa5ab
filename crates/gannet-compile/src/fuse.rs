//! Decides which layers become one stage.
//!
//! A convolution takes up the pointwise function and the maximum pooling behind it, a dense
//! layer or a sum its function: their values never reach memory. A value that a second layer
//! reads has to be written, and ends a group.

use gannet_graph::{Function, Graph, Layer, MaxPool2D, NodeId};

use crate::ir::Element;
use crate::lower::spread_conv2d::is_spread;

/// Layers that are computed in one stage, in order; the first is the one with the work.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub(crate) nodes: Vec<NodeId>,
    /// The pointwise function that is applied to the sums, before or after pooling: they
    /// commute.
    pub(crate) function: Function,
    /// The maximum pooling that is applied to the sums.
    pub(crate) pool: Option<NodeId>,
}

impl Group {
    pub(crate) fn first(&self) -> NodeId {
        self.nodes[0]
    }

    pub(crate) fn last(&self) -> NodeId {
        self.nodes[self.nodes.len() - 1]
    }
}

/// Groups the nodes of a network in normal form, whose values are made of `values`, input left out,
/// in order.
pub(crate) fn fuse(graph: &Graph, values: Element) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for id in graph.ids().skip(1) {
        let before = match graph.node(id).inputs() {
            &[input] => groups.iter_mut().find(|group| group.last() == input),
            _ => None,
        };
        if !before.is_some_and(|group| take_up(graph, group, (id, values))) {
            groups.push(Group {
                nodes: vec![id],
                function: Function::Linear,
                pool: None,
            });
        }
    }
    groups
}

/// Lets `group` take up node `id`, which reads its last node; tells whether it did.
fn take_up(graph: &Graph, group: &mut Group, (id, values): (NodeId, Element)) -> bool {
    if graph.readers(group.last()).len() != 1 {
        return false;
    }
    let first = graph.node(group.first()).layer();
    match graph.node(id).layer() {
        Layer::Activation(activation)
            if is_pointwise(activation.function)
                && computes_sums(first)
                && group.function == Function::Linear
                && (group.pool.is_none() || activation.function.commutes_with_maximum()) =>
        {
            group.function = activation.function;
        }
        Layer::MaxPool2D(pool)
            if merges_few(pool)
                && matches!(first, Layer::Conv2D(_) | Layer::DepthwiseConv2D(_))
                && !is_spread(first, values)
                && group.pool.is_none()
                && group.function.commutes_with_maximum() =>
        {
            group.pool = Some(id);
        }
        _ => return false,
    }
    group.nodes.push(id);
    true
}

/// Each sum goes into few pooled values, and positions that begin at a multiple of the stride
/// fit into registers.
fn merges_few(pool: &MaxPool2D) -> bool {
    let (kernel, stride) = (pool.window.kernel(), pool.window.stride());
    (0..2).all(|axis| kernel[axis].div_ceil(stride[axis]) <= MOST_MERGED)
        && stride[1] <= MOST_STRIDE
}

/// With three pooled rows and columns for each sum, merging is still shorter than summing up.
const MOST_MERGED: usize = 3;

/// Columns of sums in registers for one output channel.
const MOST_STRIDE: usize = 8;

/// A few operations on a value in a register.
fn is_pointwise(function: Function) -> bool {
    matches!(
        function,
        Function::Relu
            | Function::Relu6
            | Function::Clip { .. }
            | Function::LeakyRelu { .. }
            | Function::HardSigmoid { .. }
            | Function::HardSwish
    )
}

fn computes_sums(layer: &Layer) -> bool {
    matches!(
        layer,
        Layer::Conv2D(_)
            | Layer::DepthwiseConv2D(_)
            | Layer::Conv2DTranspose(_)
            | Layer::Dense(_)
            | Layer::Add(_)
            | Layer::Subtract(_)
            | Layer::Multiply(_)
            | Layer::Maximum(_)
            | Layer::Minimum(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use gannet_graph::networks;

    #[test]
    fn the_small_network_becomes_six_groups() {
        let graph = networks::mnist_small().normal_form();
        let names: Vec<Vec<&str>> = fuse(&graph, Element::F32)
            .iter()
            .map(|group| {
                group
                    .nodes
                    .iter()
                    .map(|&id| graph.node(id).name())
                    .collect()
            })
            .collect();
        assert_eq!(
            names,
            [
                vec!["conv2d", "activation", "max_pooling2d"],
                vec!["conv2d_1", "activation_1", "max_pooling2d_1"],
                vec!["flatten"],
                vec!["dense", "dense/relu"],
                vec!["dense_1"],
                vec!["dense_1/sigmoid"],
            ]
        );
    }
}
