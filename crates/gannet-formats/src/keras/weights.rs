//! The group `model_weights` of an `.h5` file: its attribute `layer_names` lists the layers,
//! each layer's group lists its tensors in `weight_names`, in the order in which Keras made
//! them. A model that is a layer has one list for all its layers, with what training changes
//! first.

use std::collections::HashMap;

use gannet_graph::Tensor;

use super::{
    description::{BACKEND, Description, KERAS_VERSION},
    layers::{self, Expected},
    network::{Network, Origin},
};
use crate::{
    FormatError,
    hdf5::{Group, Reader},
};

/// Where the weights of a file come from.
pub(super) struct Source {
    group: Reader,
    budget: Budget,
    /// The places of a nested layer's weights in its model's list, by the layer's own place.
    nested: HashMap<Vec<usize>, Vec<usize>>,
    /// The names of all weights of each outermost model, in the order of its list.
    listed: HashMap<String, Vec<&'static str>>,
}

impl Source {
    /// The weights of `network` in the group `model_weights`, at most `limit_bytes` of values.
    pub fn new(group: Reader, limit_bytes: u64, network: &Network) -> Self {
        let mut source = Source {
            group,
            budget: Budget::new(limit_bytes),
            nested: HashMap::new(),
            listed: HashMap::new(),
        };
        let mut layers: Vec<_> = network.weighted().collect();
        layers.sort_by(|(a, _), (b, _)| a.places.cmp(&b.places));
        // Calls of one layer have the same weights.
        layers.dedup_by(|(a, _), (b, _)| a.places == b.places);
        for constant in [false, true] {
            for (origin, expected) in layers.iter().filter(|(origin, _)| origin.is_nested()) {
                let listed = source.listed.entry(origin.outermost.clone()).or_default();
                let places = source.nested.entry(origin.places.clone()).or_default();
                for weight in *expected {
                    if (weight.is_statistic() || !origin.trainable) == constant {
                        places.push(listed.len());
                        listed.push(weight.name);
                    }
                }
            }
        }
        source
    }

    /// The weights of a layer, whose shapes are as expected.
    pub fn of_layer(
        &mut self,
        origin: &Origin,
        expected: &[Expected],
    ) -> Result<Vec<Tensor>, FormatError> {
        let layer = &origin.outermost;
        let group = self.group.group(layer)?;
        let mut names = group.texts_needed("weight_names")?;
        let needed = match self.listed.get(layer) {
            Some(listed) if origin.is_nested() => listed.clone(),
            _ => expected.iter().map(|weight| weight.name).collect(),
        };
        if names.len() != needed.len() {
            return Err(FormatError::WeightCount {
                layer: layer.clone(),
                found: names.len(),
                expected: needed.len(),
                names: needed.join(", "),
            });
        }
        if let Some(places) = self.nested.get(&origin.places) {
            names = places.iter().map(|&place| names[place].clone()).collect();
        }
        let tensors = names.iter().zip(expected).map(|(name, expected)| {
            let tensor = group.tensor(name)?;
            expected.check(&origin.name, name, &tensor)?;
            self.budget.spend(&origin.name, &tensor)?;
            Ok(tensor)
        });
        tensors.collect()
    }
}

/// How much the values of all layers may take: a file that names one dataset many times must
/// not fill the memory.
pub(super) struct Budget {
    limit_bytes: u64,
    used_bytes: u64,
}

impl Budget {
    /// At most `limit_bytes` of values.
    pub fn new(limit_bytes: u64) -> Self {
        Budget {
            limit_bytes,
            used_bytes: 0,
        }
    }

    /// Counts the values of `tensor`, which is a weight of `layer`.
    pub fn spend(&mut self, layer: &str, tensor: &Tensor) -> Result<(), FormatError> {
        self.used_bytes += size_of_val(tensor.data()) as u64;
        if self.used_bytes > self.limit_bytes {
            return Err(FormatError::SharedWeights {
                layer: layer.to_owned(),
                limit_bytes: self.limit_bytes,
            });
        }
        Ok(())
    }
}

/// Puts the weights of the layers into the group `model_weights`, in Keras' order.
pub(super) fn write(description: &Description<'_>, group: &mut Group) {
    let Description {
        graph,
        names,
        order,
    } = description;
    let listed: Vec<String> = order.iter().map(|&place| names[place].clone()).collect();
    group.set_texts("layer_names", &listed);
    group.set_text("backend", BACKEND);
    group.set_text("keras_version", KERAS_VERSION);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keras::data_format::DataFormat;

    /// A file whose layer `dense` has a kernel of 3×2.
    fn file() -> Vec<u8> {
        let mut root = Group::default();
        root.put("dense/dense/kernel:0", Tensor::zeros([3, 2]));
        let names = ["dense/kernel:0".to_owned()];
        root.group("dense").set_texts("weight_names", &names);
        root.to_bytes()
    }

    fn source(file: &[u8], limit_bytes: u64) -> Source {
        let network = Network {
            name: "net".to_owned(),
            layers: Vec::new(),
            format: DataFormat::ChannelsLast,
        };
        Source::new(Reader::open(file).unwrap(), limit_bytes, &network)
    }

    fn origin(layer: &str) -> Origin {
        Origin::hidden(layer.to_owned())
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
        let mut source = source(&file, 24);
        let weights = source.of_layer(&origin("dense"), &[kernel(2)]).unwrap();
        assert_eq!(weights, [Tensor::zeros([3, 2])]);
        let mut refusal = |layer: &str, expected: &[Expected]| {
            let refused = source.of_layer(&origin(layer), expected);
            refused.unwrap_err().to_string()
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
        let mut source = source(&file, 30);
        source.of_layer(&origin("dense"), &[kernel(2)]).unwrap();
        let again = source.of_layer(&origin("dense"), &[kernel(2)]);
        let error = again.unwrap_err();
        assert!(
            matches!(error, FormatError::SharedWeights { .. }),
            "{error}"
        );
    }
}
