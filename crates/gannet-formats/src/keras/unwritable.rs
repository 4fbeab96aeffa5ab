//! What of a network Keras has no form for, all of it at once.

use gannet_graph::{Function, Graph, Layer, Node, Padding, Window};

use super::functions;
use crate::{FormatError, Obstacle, Obstacles};

/// Notes everything in the network that Keras has no form for.
///
/// # Errors
/// [`FormatError::Unwritable`] with all of it.
pub(super) fn check(graph: &Graph) -> Result<(), FormatError> {
    let mut obstacles = Obstacles::default();
    for node in graph.nodes() {
        let (window, function) = window_and_function(node.layer());
        if !functions::has_layer(function) {
            let value = function.to_string();
            obstacles.0.push(obstacle(
                node,
                "activation",
                value,
                functions::written_names(),
            ));
        }
        if let Some(padding @ Padding::Explicit { .. }) = window.map(|window| window.padding()) {
            let supported = "\"valid\" or \"same\"; put a ZeroPadding2D layer before it";
            obstacles.0.push(obstacle(
                node,
                "padding",
                padding.to_string(),
                supported.to_owned(),
            ));
        }
    }
    if obstacles.0.is_empty() {
        Ok(())
    } else {
        Err(FormatError::Unwritable(obstacles))
    }
}

fn window_and_function(layer: &Layer) -> (Option<Window>, Function) {
    match layer {
        Layer::Activation(layer) => (None, layer.function),
        Layer::Dense(layer) => (None, layer.activation),
        Layer::Conv2D(layer) => (Some(layer.window()), layer.activation),
        Layer::DepthwiseConv2D(layer) => (Some(layer.window()), layer.activation),
        Layer::Conv2DTranspose(layer) => (Some(layer.window()), layer.activation),
        Layer::MaxPool2D(layer) => (Some(layer.window), Function::Linear),
        Layer::AveragePool2D(layer) => (Some(layer.window), Function::Linear),
        _ => (None, Function::Linear),
    }
}

fn obstacle(node: &Node, attribute: &str, value: String, supported: String) -> Obstacle {
    Obstacle {
        layer: node.name().to_owned(),
        class: node.layer().kind().to_owned(),
        attribute: attribute.to_owned(),
        value,
        supported,
    }
}
