//! `Dropout`, and other noise of training, which is left out.

use gannet_graph::{Dropout, Layer};

use super::{KerasLayer, Plan, entries};
use crate::keras::{attributes::Attributes, description};

pub(super) const DROPOUT: KerasLayer = KerasLayer {
    classes: &["Dropout"],
    read,
    write: |layer| match layer {
        Layer::Dropout(dropout) => Some((
            "Dropout",
            entries! { "rate": description::decimal(dropout.rate()) },
        )),
        _ => None,
    },
};

pub(super) const NOISE: KerasLayer = KerasLayer {
    classes: &[
        "SpatialDropout1D",
        "SpatialDropout2D",
        "AlphaDropout",
        "GaussianDropout",
        "GaussianNoise",
    ],
    read: |_| Plan::Nothing,
    write: |_| None,
};

fn read(attributes: &mut Attributes<'_>) -> Plan {
    attributes.check_numbers();
    if attributes.get("noise_shape").is_some() {
        // Whole rows or channels at once, as `SpatialDropout2D` does.
        return Plan::Nothing;
    }
    let rate = attributes.number("rate", 0.0);
    Dropout::new(rate).map_or_else(
        |_| {
            attributes.obstacle("rate", "at least 0 and below 1");
            Plan::Nothing
        },
        |dropout| Plan::Layer(dropout.into()),
    )
}
