//! What PyTorch and Keras call a weight, and in which order they store its values.

use gannet_graph::{Graph, Layer, NodeId, Tensor, Weight};

use super::State;
use crate::layout;

/// Whose names and layout a tensor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Convention {
    /// Channels first.
    PyTorch,
    /// Channels last, which is ours.
    Keras,
}

/// Our name of each weight that PyTorch has one for, and PyTorch's.
const NAMES: &[(&str, &str)] = &[
    ("kernel", "weight"),
    ("bias", "bias"),
    ("gamma", "weight"),
    ("beta", "bias"),
    ("moving_mean", "running_mean"),
    ("moving_variance", "running_var"),
    ("alpha", "weight"),
];

impl Convention {
    /// The name of a weight of `layer` in a file.
    pub fn name(self, layer: &str, weight: &str) -> String {
        match self {
            Convention::Keras => format!("{layer}/{weight}"),
            Convention::PyTorch => {
                let name = NAMES.iter().find(|(ours, _)| *ours == weight);
                format!("{layer}.{}", name.map_or(weight, |(_, theirs)| theirs))
            }
        }
    }

    /// A weight of the node `id` as this convention stores it.
    pub fn stored(self, graph: &Graph, id: NodeId, weight: &Weight<'_>) -> Tensor {
        let tensor = weight.tensor;
        if self == Convention::Keras {
            return tensor.clone();
        }
        let image = flattened(graph, id);
        let stored = match (graph.node(id).layer(), weight.name) {
            (Layer::DepthwiseConv2D(_), "kernel") => layout::depthwise_to_first(tensor),
            (Layer::Dense(_), "kernel") => {
                let first = image.and_then(|image| layout::features_to_first(tensor, image));
                layout::transposed(first.as_ref().unwrap_or(tensor), [1, 0])
            }
            (_, "kernel") => layout::kernel_to_first(tensor),
            _ => image.and_then(|image| layout::features_to_first(tensor, image)),
        };
        stored.unwrap_or_else(|| tensor.clone())
    }

    /// The other way: a tensor of a file as the weight of the node `id` that it is for; `None`
    /// if it is of another rank or of other extents.
    pub fn restored(
        self,
        graph: &Graph,
        id: NodeId,
        weight: &Weight<'_>,
        tensor: &Tensor,
    ) -> Option<Tensor> {
        let image = flattened(graph, id);
        let restored = match (self, graph.node(id).layer(), weight.name) {
            (Convention::Keras, ..) => tensor.clone(),
            (_, Layer::DepthwiseConv2D(layer), "kernel") => {
                layout::depthwise_to_last(tensor, layer.channels())?
            }
            (_, Layer::Dense(_), "kernel") => {
                let kernel = layout::transposed(tensor, [1, 0])?;
                match image {
                    Some(image) => layout::features_to_last(&kernel, image)?,
                    None => kernel,
                }
            }
            (_, _, "kernel") => layout::kernel_to_last(tensor)?,
            _ => match image {
                Some(image) => layout::features_to_last(tensor, image)?,
                None => tensor.clone(),
            },
        };
        (restored.shape() == weight.tensor.shape()).then_some(restored)
    }
}

/// All weights of a network under their names in a file, in the order of the nodes.
pub(super) fn named(graph: &Graph, convention: Convention) -> State {
    let weights = graph.ids().flat_map(|id| {
        let node = graph.node(id);
        node.layer().weights().into_iter().map(move |weight| {
            let name = convention.name(node.name(), weight.name);
            (name, convention.stored(graph, id, &weight))
        })
    });
    weights.collect()
}

/// The extents `[height, width, channels]` of the image whose values the features are that come
/// into a node, or `None` if they are of no image.
fn flattened(graph: &Graph, id: NodeId) -> Option<[usize; 3]> {
    let mut id = id;
    loop {
        let &[input] = graph.node(id).inputs() else {
            return None;
        };
        let before = graph.node(input);
        match before.layer() {
            Layer::Flatten(_) => {
                let &[image] = before.inputs() else {
                    return None;
                };
                return graph.node(image).output_shape().as_image();
            }
            Layer::Activation(_) | Layer::Dropout(_) | Layer::BatchNormalization(_) => id = input,
            _ => return None,
        }
    }
}
