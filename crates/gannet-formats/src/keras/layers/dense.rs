//! `Dense`.

use gannet_graph::{Dense, Layer};

use super::{Expected, KerasLayer, Plan, entries, kernel_and_bias};
use crate::keras::{attributes::Attributes, description};

pub(super) const DENSE: KerasLayer = KerasLayer {
    classes: &["Dense"],
    read,
    write: |layer| match layer {
        Layer::Dense(dense) => Some((
            "Dense",
            entries! {
                "units": dense.units(),
                "activation": description::function(dense.activation),
                "use_bias": dense.bias().is_some(),
                "kernel_regularizer": description::regularizer(dense.kernel_regularizer),
            },
        )),
        _ => None,
    },
};

fn read(attributes: &mut Attributes<'_>) -> Plan {
    attributes.check_numbers();
    let units = attributes.extent("units");
    let activation = attributes.activation();
    let regularizer = attributes.regularizer("kernel_regularizer");
    let mut expected = vec![Expected {
        name: "kernel",
        shape: vec![None, Some(units)],
    }];
    if attributes.flag("use_bias", true) {
        expected.push(Expected {
            name: "bias",
            shape: vec![Some(units)],
        });
    }
    let make = move |weights| {
        let (kernel, bias) = kernel_and_bias(weights);
        let mut dense = Dense::new(kernel, bias)?.with_activation(activation);
        dense.kernel_regularizer = regularizer;
        Ok(dense.into())
    };
    Plan::Weighted(expected, Box::new(make))
}
