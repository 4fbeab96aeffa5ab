//! What of a network has no form in integers.

use std::fmt;

use gannet_graph::{Function, Graph, Layer, NodeId, Padding, Window};

use crate::fusion::limit;

/// Something in a network that has no form in integers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The layer's name.
    pub layer: String,
    /// What stands in the way, and what can be done.
    pub reason: String,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer '{}' {}", self.layer, self.reason)
    }
}

/// All of it, in order.
pub(crate) fn obstacles(graph: &Graph) -> Vec<Obstacle> {
    let obstacle = |id: NodeId| {
        let node = graph.node(id);
        let reason = match node.layer() {
            Layer::Activation(activation) => function_reason(activation.function)?,
            Layer::Conv2DTranspose(conv) if conv.output_padding() != [0, 0] => {
                "has output padding, which is not quantized".to_owned()
            }
            Layer::Conv2DTranspose(conv) => border_reason(conv.window())?,
            Layer::MaxPool2D(pool) => border_reason(pool.window)?,
            Layer::AveragePool2D(pool) => border_reason(pool.window)?,
            Layer::Add(_)
            | Layer::Subtract(_)
            | Layer::Multiply(_)
            | Layer::Maximum(_)
            | Layer::Minimum(_) => broadcast_reason(graph, id)?,
            Layer::Input(_)
            | Layer::Conv2D(_)
            | Layer::DepthwiseConv2D(_)
            | Layer::Dense(_)
            | Layer::GlobalAveragePool2D(_)
            | Layer::UpSampling2D(_)
            | Layer::PReLU(_)
            | Layer::ZeroPadding2D(_)
            | Layer::Concatenate(_)
            | Layer::Flatten(_)
            | Layer::Reshape(_) => return None,
            layer => format!("({}) is not quantized", layer.kind()),
        };
        Some(Obstacle {
            layer: node.name().to_owned(),
            reason,
        })
    };
    graph.ids().filter_map(obstacle).collect()
}

fn border_reason(window: Window) -> Option<String> {
    let explicit = matches!(window.padding(), Padding::Explicit { .. });
    explicit.then(|| "has a border that is neither 'same' nor 'valid'".to_owned())
}

fn broadcast_reason(graph: &Graph, id: NodeId) -> Option<String> {
    let node = graph.node(id);
    let differs = |input: &NodeId| graph.node(*input).output_shape() != node.output_shape();
    let some_differ = node.inputs().iter().any(differs);
    some_differ.then(|| "joins tensors of different shapes".to_owned())
}

fn function_reason(function: Function) -> Option<String> {
    let has_integers = match function {
        Function::Linear
        | Function::Sigmoid
        | Function::Tanh
        | Function::Softmax
        | Function::HardSwish => true,
        Function::LeakyRelu { slope } => slope >= 0.0,
        _ => limit(function).is_some(),
    };
    (!has_integers).then(|| {
        format!(
            "applies {function}, which has no form in integers: train with relu, relu6, \
             leaky_relu, hard_silu, sigmoid, tanh or softmax"
        )
    })
}
