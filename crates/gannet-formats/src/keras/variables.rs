//! `model.weights.h5` of a `.keras` file: each layer has a group that is named for its class and
//! numbered in the order of the list, `layers/conv2d_1`; in it, the group `vars` holds the
//! weights as `0`, `1`, … in the order in which Keras made them.

use std::collections::HashMap;

use gannet_graph::Tensor;

use super::{
    description::Description,
    layers::{self, Expected},
    model::numbered,
    network::Origin,
    snake_case::snake_case,
    weights::Budget,
};
use crate::{
    FormatError,
    hdf5::{Group, Reader},
};

/// Where the weights of a file come from.
pub(super) struct Source {
    root: Reader,
    budget: Budget,
}

impl Source {
    /// The weights below `root`, the file's.
    pub fn new(root: Reader) -> Self {
        let budget = Budget::new(root.limit_bytes());
        Source { root, budget }
    }

    /// The weights of a layer, whose shapes are as expected.
    pub fn of_layer(
        &mut self,
        origin: &Origin,
        expected: &[Expected],
    ) -> Result<Vec<Tensor>, FormatError> {
        let group = self.root.group(&format!("{}/vars", origin.group))?;
        let found = (0..)
            .take_while(|i| group.has_dataset(&i.to_string()))
            .count();
        if found != expected.len() {
            let names: Vec<&str> = expected.iter().map(|weight| weight.name).collect();
            return Err(FormatError::WeightCount {
                layer: origin.name.clone(),
                found,
                expected: expected.len(),
                names: names.join(", "),
            });
        }
        let tensors = expected.iter().enumerate().map(|(i, expected)| {
            let name = i.to_string();
            let tensor = group.tensor(&name)?;
            expected.check(&origin.name, &name, &tensor)?;
            self.budget.spend(&origin.name, &tensor)?;
            Ok(tensor)
        });
        tensors.collect()
    }
}

/// The bytes of the file with the weights of a network.
pub(super) fn write(description: &Description<'_>) -> Vec<u8> {
    let mut root = Group::default();
    // The network's own group, without which Keras 2 does not read the file.
    root.group("vars");
    let mut of_class: HashMap<String, usize> = HashMap::new();
    for &place in &description.order {
        let layer = description.graph.nodes()[place].layer();
        let class = snake_case(layers::write(layer).0);
        let before = of_class.entry(class.clone()).or_default();
        let path = format!("layers/{}/vars", numbered(class, *before));
        *before += 1;
        let group = root.group(&path);
        group.set_text("name", &*description.names[place]);
        for (i, weight) in layer.weights().into_iter().enumerate() {
            group.put(&i.to_string(), weight.tensor.clone());
        }
    }
    root.to_bytes()
}
