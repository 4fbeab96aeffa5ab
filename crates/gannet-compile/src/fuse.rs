//! Decides which layers become one stage.
//!
//! A convolution takes up the ReLU and the maximum pooling behind it, a dense layer its ReLU:
//! their values never reach memory. ReLU and maximum commute, so pooling comes first and ReLU
//! costs nothing. A value that a second layer reads has to be written, and ends a group.

use gannet_graph::{Function, Graph, Layer, NodeId};

/// Layers that are computed in one stage, in order; the first is the one with the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) nodes: Vec<NodeId>,
    /// ReLU is applied to the sums.
    pub(crate) relu: bool,
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

/// Groups the nodes of a network in normal form, input left out, in order.
pub(crate) fn fuse(graph: &Graph) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for id in graph.ids().skip(1) {
        let taken_up = groups
            .iter_mut()
            .find(|group| group.last() == graph.node(id).inputs()[0]);
        if !taken_up.is_some_and(|group| take_up(graph, group, id)) {
            groups.push(Group {
                nodes: vec![id],
                relu: false,
                pool: None,
            });
        }
    }
    groups
}

/// Lets `group` take up node `id`, which reads its last node; tells whether it did.
fn take_up(graph: &Graph, group: &mut Group, id: NodeId) -> bool {
    if graph.readers(group.last()).len() != 1 || group.pool.is_some() {
        return false;
    }
    match (graph.node(group.first()).layer(), graph.node(id).layer()) {
        (Layer::Conv2D(_) | Layer::Dense(_), Layer::Activation(activation))
            if activation.function == Function::Relu =>
        {
            group.relu = true;
        }
        (Layer::Conv2D(_), Layer::MaxPool2D(_)) => group.pool = Some(id),
        _ => return false,
    }
    group.nodes.push(id);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use gannet_graph::networks;

    #[test]
    fn the_small_network_becomes_six_groups() {
        let graph = networks::mnist_small().normal_form();
        let names: Vec<Vec<&str>> = fuse(&graph)
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
