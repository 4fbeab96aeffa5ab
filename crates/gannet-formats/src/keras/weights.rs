//! The group `model_weights`: its attribute `layer_names` lists the layers, each layer's
//! group lists its tensors in `weight_names`, in the order in which Keras made them.

use gannet_graph::{Graph, Tensor};

use super::{
    description,
    layers::{self, Expected},
};
use crate::{
    FormatError,
    hdf5::{Group, Reader},
};

/// Where the weights of a file come from.
pub(super) struct Source {
    group: Reader,
    /// The values of all layers may not be more than this: a file that names one dataset
    /// many times must not fill the memory.
    limit_bytes: u64,
    used_bytes: u64,
}

impl Source {
    /// The weights in the group `model_weights`, at most `limit_bytes` of values.
    pub fn new(group: Reader, limit_bytes: u64) -> Self {
        Source {
            group,
            limit_bytes,
            used_bytes: 0,
        }
    }

    /// The weights of the layer of that name, whose shapes are as expected.
    pub fn of_layer(
        &mut self,
        layer: &str,
        expected: &[Expected],
    ) -> Result<Vec<Tensor>, FormatError> {
        let group = self.group.group(layer)?;
        let names = group.texts_needed("weight_names")?;
        if names.len() != expected.len() {
            let expected_names: Vec<&str> = expected.iter().map(|weight| weight.name).collect();
            return Err(FormatError::WeightCount {
                layer: layer.to_owned(),
                found: names.len(),
                expected: expected.len(),
                names: expected_names.join(", "),
            });
        }
        let mut tensors = Vec::with_capacity(names.len());
        for (name, expected) in names.iter().zip(expected) {
            let tensor = group.tensor(name)?;
            if !suits(&tensor, expected) {
                return Err(FormatError::WeightShape {
                    layer: layer.to_owned(),
                    weight: name.clone(),
                    found: tensor.shape().clone(),
                    expected: words(expected),
                });
            }
            self.used_bytes += size_of_val(tensor.data()) as u64;
            if self.used_bytes > self.limit_bytes {
                return Err(FormatError::SharedWeights {
                    layer: layer.to_owned(),
                    limit_bytes: self.limit_bytes,
                });
            }
            tensors.push(tensor);
        }
        Ok(tensors)
    }
}

/// Puts the weights of the nodes whose places are in `order`, which is Keras', into the group
/// `model_weights`.
pub(super) fn write(graph: &Graph, names: &[String], order: &[usize], group: &mut Group) {
    let listed: Vec<String> = order.iter().map(|&place| names[place].clone()).collect();
    group.set_texts("layer_names", &listed);
    group.set_text("backend", description::BACKEND);
    group.set_text("keras_version", description::KERAS_VERSION);
    for &place in order {
        let (node, layer) = (&graph.nodes()[place], &names[place]);
        let group = group.group(layer);
        let mut weight_names = Vec::new();
        for weight in node.layer().weights() {
            let weight_name = layers::weight_name(node.layer(), weight.name);
            let name = format!("{layer}/{weight_name}:0");
            group.put(&name, weight.tensor.clone());
            weight_names.push(name);
        }
        group.set_texts("weight_names", &weight_names);
    }
}

fn suits(tensor: &Tensor, expected: &Expected) -> bool {
    let found = tensor.shape().dims();
    found.len() == expected.shape.len()
        && found
            .iter()
            .zip(&expected.shape)
            .all(|(&found, expected)| expected.is_none_or(|expected| expected == found))
}

fn words(expected: &Expected) -> String {
    let extents = expected
        .shape
        .iter()
        .map(|extent| extent.map_or_else(|| "?".to_owned(), |extent| extent.to_string()));
    extents.collect::<Vec<_>>().join("×")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file whose layer `dense` has a kernel of 3×2.
    fn file() -> Vec<u8> {
        let mut root = Group::default();
        root.put("dense/dense/kernel:0", Tensor::zeros([3, 2]));
        let names = ["dense/kernel:0".to_owned()];
        root.group("dense").set_texts("weight_names", &names);
        root.to_bytes()
    }

    fn kernel(units: usize) -> Expected {
        Expected {
            name: "kernel",
            shape: vec![None, Some(units)],
        }
    }

    #[test]
    fn weights_are_matched_by_layer_order_and_shape() {
        let file = file();
        let mut source = Source::new(Reader::open(&file).unwrap(), 24);
        let weights = source.of_layer("dense", &[kernel(2)]).unwrap();
        assert_eq!(weights, [Tensor::zeros([3, 2])]);
        let mut refusal = |layer: &str, expected: &[Expected]| {
            source.of_layer(layer, expected).unwrap_err().to_string()
        };
        assert_eq!(
            refusal("dense", &[kernel(5)]),
            "weight 'dense/kernel:0' of layer 'dense' has shape 3×2, but the layer's attributes need ?×5"
        );
        let bias = Expected {
            name: "bias",
            shape: vec![Some(2)],
        };
        assert_eq!(
            refusal("dense", &[kernel(2), bias]),
            "layer 'dense' has 1 weight tensors in the file, but needs 2 (kernel, bias)"
        );
        assert_eq!(
            refusal("conv", &[kernel(2)]),
            "the HDF5 file has no group at '/conv'"
        );
    }

    /// Two kernels of 24 bytes each do not come out of 30 bytes.
    #[test]
    fn layers_that_share_their_data_are_refused() {
        let file = file();
        let mut source = Source::new(Reader::open(&file).unwrap(), 30);
        source.of_layer("dense", &[kernel(2)]).unwrap();
        let error = source.of_layer("dense", &[kernel(2)]).unwrap_err();
        assert!(
            matches!(error, FormatError::SharedWeights { .. }),
            "{error}"
        );
    }
}
