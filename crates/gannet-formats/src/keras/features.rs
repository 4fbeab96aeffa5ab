//! The features of images that were flattened channel by channel: where in a network they are,
//! and the weights that stand behind them in our order, which is pixel by pixel.

use std::collections::HashMap;

use gannet_graph::{Layer, NodeId, Tensor};

use crate::{FormatError, Obstacle, Obstacles, layout};

/// The nodes whose values are such features, with the image `[height, width, channels]` that
/// they are of. In the graph the values are in our order already.
#[derive(Default)]
pub(super) struct Features(HashMap<NodeId, [usize; 3]>);

impl Features {
    /// Notes of which image the values of a node are.
    pub fn set(&mut self, node: NodeId, image: Option<[usize; 3]>) {
        self.0.extend(image.map(|image| (node, image)));
    }

    /// The image that the values of one of these nodes are of.
    pub fn of(&self, nodes: &[NodeId]) -> Option<[usize; 3]> {
        nodes.iter().find_map(|node| self.0.get(node).copied())
    }
}

/// Whether a layer without weights gives each feature what it would in another order too.
pub(super) fn check(name: &str, layer: &Layer) -> Result<(), FormatError> {
    match layer {
        Layer::Activation(_) | Layer::Dropout(_) => Ok(()),
        layer => Err(refusal(name, layer.kind())),
    }
}

/// The weights of a layer that takes the features of `image`, in our order, and the image that
/// the layer's own values are of.
pub(super) fn turned(
    name: &str,
    image: [usize; 3],
    weights: Vec<Tensor>,
) -> Result<(Vec<Tensor>, Option<[usize; 3]>), FormatError> {
    let is_vector = |tensor: &Tensor| tensor.shape().as_vector().is_some();
    let mixes = weights.first().is_some_and(|first| !is_vector(first));
    let turned = weights.into_iter().enumerate().map(|(i, tensor)| {
        // The bias of a dense layer is of its units.
        if mixes && i > 0 {
            return Ok(tensor);
        }
        let turned = layout::features_to_last(&tensor, image);
        turned.ok_or_else(|| refusal(name, "layer with weights"))
    });
    let image = if mixes { None } else { Some(image) };
    Ok((turned.collect::<Result<_, _>>()?, image))
}

/// Behind such features, or at the network's end, there is something that they cannot be turned
/// for.
pub(super) fn refusal(name: &str, class: &str) -> FormatError {
    FormatError::Unsupported(Obstacles(vec![Obstacle {
        layer: name.to_owned(),
        class: class.to_owned(),
        attribute: "its input".to_owned(),
        value: "an image flattened with its channels first".to_owned(),
        supported: "Dense behind it, and nothing but Activation, Dropout and BatchNormalization \
                    between"
            .to_owned(),
    }]))
}
