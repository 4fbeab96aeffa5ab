//! What of a network the engine has no kernel for.

use gannet_graph::{Graph, Layer, Node, NodeId};

use crate::TrainError;

/// Every layer can be computed, forward and back.
///
/// # Errors
/// [`TrainError::Layer`] with the first that cannot.
pub fn check(graph: &Graph) -> Result<(), TrainError> {
    match graph.nodes().iter().find(|node| broadcasts(graph, node)) {
        None => Ok(()),
        Some(node) => Err(TrainError::Layer {
            layer: node.name().to_owned(),
            kind: node.layer().kind(),
            what: "inputs of different shapes",
        }),
    }
}

fn broadcasts(graph: &Graph, node: &Node) -> bool {
    let is_join = matches!(
        node.layer(),
        Layer::Add(_)
            | Layer::Subtract(_)
            | Layer::Multiply(_)
            | Layer::Maximum(_)
            | Layer::Minimum(_)
    );
    let shape = |id: &NodeId| graph.node(*id).output_shape();
    is_join
        && node
            .inputs()
            .iter()
            .any(|id| shape(id) != node.output_shape())
}
