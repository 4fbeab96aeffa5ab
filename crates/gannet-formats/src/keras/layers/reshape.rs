//! `Reshape`, also to a sequence, which is an image one row high.

use gannet_graph::{Layer, Reshape, Shape};

use super::{KerasLayer, Plan, entries};
use crate::keras::{attributes::Attributes, spatial};

pub(super) const RESHAPE: KerasLayer = KerasLayer {
    classes: &["Reshape"],
    read,
    write: |layer| match layer {
        Layer::Reshape(reshape) => {
            Some(("Reshape", entries! { "target_shape": reshape.shape.dims() }))
        }
        _ => None,
    },
};

fn read(attributes: &mut Attributes<'_>) -> Plan {
    attributes.check_numbers();
    let Some(target) = attributes.target_shape("target_shape") else {
        return Plan::Nothing;
    };
    let rank = target.len();
    let make = move |input: &Shape| {
        let known: usize = target.iter().flatten().product();
        let rest = input.elements() / known.max(1);
        let dims: Vec<usize> = target.iter().map(|dim| dim.unwrap_or(rest)).collect();
        Reshape::new(spatial::input_shape(&Shape::from(dims))).into()
    };
    Plan::Shaped(rank, Box::new(make))
}
