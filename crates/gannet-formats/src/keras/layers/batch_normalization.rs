//! `BatchNormalization` of the channels.

use gannet_graph::{BatchNormalization, Layer};

use super::{Expected, KerasLayer, Plan, entries};
use crate::keras::{attributes::Attributes, description};

pub(super) const BATCH_NORMALIZATION: KerasLayer = KerasLayer {
    // The second is what Keras 2 calls it within TensorFlow 1.
    classes: &["BatchNormalization", "BatchNormalizationV1"],
    read,
    write: |layer| match layer {
        Layer::BatchNormalization(normalization) => Some((
            "BatchNormalization",
            entries! {
                "axis": -1,
                "momentum": description::decimal(normalization.momentum),
                "epsilon": description::decimal(normalization.epsilon()),
                "center": normalization.beta().is_some(),
                "scale": normalization.gamma().is_some(),
            },
        )),
        _ => None,
    },
};

fn read(attributes: &mut Attributes<'_>) -> Plan {
    attributes.check_numbers();
    attributes.check_axis();
    attributes.only("renorm", &[false.into()]);
    let momentum = attributes.number("momentum", 0.99);
    let epsilon = attributes.number("epsilon", 1e-3);
    if epsilon <= 0.0 {
        attributes.obstacle("epsilon", "a positive number");
    }
    let scale = attributes.flag("scale", true);
    let center = attributes.flag("center", true);
    let names = [
        scale.then_some("gamma"),
        center.then_some("beta"),
        Some("moving_mean"),
        Some("moving_variance"),
    ];
    let expected = names.into_iter().flatten().map(|name| Expected {
        name,
        shape: vec![None],
    });
    let make = move |weights: Vec<_>| {
        let mut weights = weights.into_iter();
        let mut next = || weights.next().expect("as many as expected");
        let gamma = scale.then(&mut next);
        let beta = center.then(&mut next);
        let mut normalization = BatchNormalization::new(gamma, beta, next(), next(), epsilon)?;
        normalization.momentum = momentum;
        Ok(normalization.into())
    };
    Plan::Weighted(expected.collect(), Box::new(make))
}
