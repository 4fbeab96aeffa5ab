//! What of a network the engine has no kernel for.

use gannet_graph::{Graph, Layer, Node, Padding, Window};

use crate::TrainError;

/// Every layer can be computed, forward and back.
///
/// # Errors
/// [`TrainError::Layer`] with the first that cannot.
pub fn check(graph: &Graph) -> Result<(), TrainError> {
    for node in graph.nodes() {
        if let Some(what) = obstacle(graph, node) {
            return Err(TrainError::Layer {
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
        Layer::Conv2D(layer) => unusual(layer.window()),
        Layer::DepthwiseConv2D(layer) => unusual(layer.window()),
        Layer::MaxPool2D(layer) => unusual(layer.window),
        Layer::AveragePool2D(layer) => unusual(layer.window),
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

fn unusual(window: Window) -> Option<&'static str> {
    if window.dilation() != [1, 1] {
        return Some("a dilated window");
    }
    matches!(window.padding(), Padding::Explicit { .. }).then_some("explicit padding")
}
