//! A file's tensors into a network's weights. All that does not fit is told at once.

use std::collections::BTreeMap;

use gannet_graph::{Graph, Node, Tensor, Weight};

use super::{State, convention::Convention};
use crate::{FormatError, Obstacle, Obstacles};

/// The names of numbers that training leaves and inference does not need.
const IGNORED: &[&str] = &["num_batches_tracked"];

/// `network` with the values of `tensors`.
pub(super) fn fill(mut network: Graph, tensors: State) -> Result<Graph, FormatError> {
    let mut tensors: BTreeMap<String, (String, Tensor)> = tensors
        .into_iter()
        .map(|(name, tensor)| (plain(&name), (name, tensor)))
        .collect();
    let mut obstacles = Obstacles::default();
    for id in network.ids() {
        let node = network.node(id);
        let mut values = Vec::new();
        for weight in node.layer().weights() {
            // Keras' first: where both call it the same, the layout is the same too.
            let found = [Convention::Keras, Convention::PyTorch]
                .into_iter()
                .find_map(|convention| {
                    let name = plain(&convention.name(node.name(), weight.name));
                    Some((convention, tensors.remove(&name)?))
                });
            let Some((convention, (name, tensor))) = found else {
                obstacles.0.push(absent(node, &weight));
                continue;
            };
            match convention.restored(&network, id, &weight, &tensor) {
                Some(tensor) => values.push(tensor),
                None => {
                    let needed = convention.stored(&network, id, &weight);
                    obstacles.0.push(of_shape(node, &name, &tensor, &needed));
                }
            }
        }
        let places = network.node_weights_mut(id);
        for (place, values) in places.into_iter().zip(values) {
            // Other lengths are among the obstacles.
            if place.len() == values.data().len() {
                place.copy_from_slice(values.data());
            }
        }
    }
    let ignored = |name: &str| IGNORED.iter().any(|ignored| name.ends_with(ignored));
    let left = tensors.into_values().filter(|(name, _)| !ignored(name));
    obstacles
        .0
        .extend(left.map(|(name, tensor)| left_over(&network, &name, &tensor)));
    if obstacles.0.is_empty() {
        Ok(network)
    } else {
        Err(FormatError::Weights(obstacles))
    }
}

/// A name without what the two conventions spell differently: what stands between its parts,
/// and Keras 2's number of a tensor.
fn plain(name: &str) -> String {
    let name = name.strip_suffix(":0").unwrap_or(name);
    let letter = |c: char| if c.is_alphanumeric() { c } else { '_' };
    name.chars().map(letter).collect()
}

fn absent(node: &Node, weight: &Weight<'_>) -> Obstacle {
    let [keras, pytorch] = [Convention::Keras, Convention::PyTorch]
        .map(|convention| convention.name(node.name(), weight.name));
    Obstacle {
        layer: node.name().to_owned(),
        class: node.layer().kind().to_owned(),
        attribute: weight.name.to_owned(),
        value: "absent in the file".to_owned(),
        supported: format!("a tensor '{pytorch}' or '{keras}'"),
    }
}

fn of_shape(node: &Node, name: &str, found: &Tensor, needed: &Tensor) -> Obstacle {
    Obstacle {
        layer: node.name().to_owned(),
        class: node.layer().kind().to_owned(),
        attribute: format!("the shape of '{name}'"),
        value: found.shape().to_string(),
        supported: needed.shape().to_string(),
    }
}

fn left_over(network: &Graph, name: &str, tensor: &Tensor) -> Obstacle {
    let with_weights = network
        .nodes()
        .iter()
        .filter(|node| !node.layer().weights().is_empty());
    let names: Vec<&str> = with_weights.map(Node::name).collect();
    Obstacle {
        layer: name.to_owned(),
        class: format!("tensor of {}", tensor.shape()),
        attribute: "its name".to_owned(),
        value: "of no weight of the network".to_owned(),
        supported: format!("the layers {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use gannet_graph::Dense;

    use super::*;

    fn network() -> Graph {
        let mut network = Graph::new("net", [2]).unwrap();
        network.push("block/fc", Dense::zeros(2, 1)).unwrap();
        network
    }

    fn tensor(extents: &[usize]) -> Tensor {
        Tensor::from_fn(extents.to_vec(), |i| i as f32 + 1.0)
    }

    #[test]
    fn a_name_of_either_convention_is_found() {
        for (kernel, bias, shape) in [
            ("block.fc.weight", "block.fc.bias", [1, 2]),
            ("block/fc/kernel:0", "block/fc/bias:0", [2, 1]),
        ] {
            let tensors = vec![
                (kernel.to_owned(), tensor(&shape)),
                (bias.to_owned(), tensor(&[1])),
            ];
            let filled = fill(network(), tensors).unwrap();
            let weights: Vec<&[f32]> = filled.weights().collect();
            assert_eq!(weights, [&[1.0, 2.0][..], &[1.0]]);
        }
    }

    #[test]
    fn all_that_does_not_fit_is_told() {
        let tensors = vec![
            ("block.fc.weight".to_owned(), tensor(&[1, 3])),
            ("head.weight".to_owned(), tensor(&[1])),
            ("norm.num_batches_tracked".to_owned(), tensor(&[1])),
        ];
        let text = fill(network(), tensors).unwrap_err().to_string();
        for part in [
            "'block/fc' (Dense): the shape of 'block.fc.weight' is 1×3, supported: 1×2",
            "'block/fc' (Dense): bias is absent in the file, supported: a tensor 'block/fc.bias'",
            "'head.weight' (tensor of 1): its name is of no weight of the network",
        ] {
            assert!(text.contains(part), "'{part}' is not in: {text}");
        }
        assert_eq!(text.lines().count(), 4, "{text}");
    }
}
