//! What of a network cannot be compiled yet.

use gannet_graph::{Graph, Layer, Node, Window};

use crate::CompileError;

/// Every layer can be lowered.
///
/// # Errors
/// [`CompileError::Unsupported`] with the first that cannot.
pub(crate) fn check(graph: &Graph) -> Result<(), CompileError> {
    for node in graph.nodes() {
        if let Some(what) = obstacle(graph, node) {
            return Err(CompileError::Unsupported {
                layer: node.name().to_owned(),
                kind: node.layer().kind(),
                what,
            });
        }
    }
    Ok(())
}

fn obstacle(graph: &Graph, node: &Node) -> Option<&'static str> {
    match node.layer() {
        Layer::Conv2D(layer) if layer.groups() > 1 => Some("several groups"),
        Layer::Conv2D(layer) => dilated(layer.window()),
        Layer::DepthwiseConv2D(layer) => dilated(layer.window()),
        Layer::MaxPool2D(layer) => dilated(layer.window),
        Layer::AveragePool2D(layer) => dilated(layer.window),
        Layer::Add(_) => {
            let shape = |id: &gannet_graph::NodeId| graph.node(*id).output_shape();
            let differ = node
                .inputs()
                .iter()
                .any(|id| shape(id) != node.output_shape());
            differ.then_some("inputs of different shapes")
        }
        Layer::Conv2DTranspose(_)
        | Layer::GlobalMaxPool2D(_)
        | Layer::PReLU(_)
        | Layer::Rescaling(_)
        | Layer::Cropping2D(_)
        | Layer::UpSampling2D(_)
        | Layer::Subtract(_)
        | Layer::Multiply(_)
        | Layer::Maximum(_)
        | Layer::Minimum(_)
        | Layer::Reshape(_)
        | Layer::Permute(_) => Some("a kind"),
        _ => None,
    }
}

fn dilated(window: Window) -> Option<&'static str> {
    (window.dilation() != [1, 1]).then_some("a dilated window")
}
