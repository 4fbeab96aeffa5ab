//! What of a network cannot be compiled yet.

use gannet_graph::{Graph, Layer, Node, Window};

use crate::CompileError;

/// Every layer can be lowered.
///
/// # Errors
/// [`CompileError::Unsupported`] with the first that cannot.
pub(crate) fn check(graph: &Graph) -> Result<(), CompileError> {
    for node in graph.nodes() {
        if let Some(what) = obstacle(node) {
            return Err(CompileError::Unsupported {
                layer: node.name().to_owned(),
                kind: node.layer().kind(),
                what,
            });
        }
    }
    Ok(())
}

fn obstacle(node: &Node) -> Option<&'static str> {
    let dilated = |window: Window| (window.dilation() != [1, 1]).then_some("a dilated window");
    match node.layer() {
        Layer::MaxPool2D(layer) => dilated(layer.window),
        Layer::AveragePool2D(layer) => dilated(layer.window),
        // Neither an image nor a vector.
        _ if node.output_shape().dims().len() == 2 => Some("an output of two extents"),
        _ => None,
    }
}
