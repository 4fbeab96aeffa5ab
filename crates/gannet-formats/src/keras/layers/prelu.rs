//! `PReLU` with slopes for each value, or shared along some extents.

use gannet_graph::{Layer, PReLU};
use serde_json::json;

use super::{Expected, KerasLayer, Plan, entries};
use crate::keras::{attributes::Attributes, spatial};

pub(super) const PRELU: KerasLayer = KerasLayer {
    classes: &["PReLU"],
    read,
    write: |layer| match layer {
        Layer::PReLU(prelu) => {
            let dims = prelu.alpha().shape().dims().iter().enumerate();
            // Keras counts the batch as axis 0. Sharing an extent of 1 changes nothing.
            let shared: Vec<usize> = dims
                .filter(|(_, dim)| **dim == 1)
                .map(|(i, _)| i + 1)
                .collect();
            let shared = if shared.is_empty() {
                json!(null)
            } else {
                json!(shared)
            };
            Some(("PReLU", entries! { "shared_axes": shared }))
        }
        _ => None,
    },
};

fn read(attributes: &mut Attributes<'_>) -> Plan {
    attributes.check_numbers();
    let Some(rank) = attributes.rank() else {
        attributes.obstacle("shared_axes", "that of a layer whose input's rank is known");
        return Plan::Nothing;
    };
    let expected = Expected {
        name: "alpha",
        shape: vec![None; rank],
    };
    // The shape of the weights says which extents share one.
    let make = move |mut weights: Vec<gannet_graph::Tensor>| {
        let alpha = weights.remove(0);
        let shape = spatial::input_shape(alpha.shape());
        Ok(PReLU::new(alpha.reshaped(shape)?).into())
    };
    Plan::Weighted(vec![expected], Box::new(make))
}
