//! `Rescaling` by numbers for all channels, or lists with one for each.

use gannet_graph::{Layer, Rescaling};
use serde_json::{Value, json};

use super::{KerasLayer, Plan, entries};
use crate::keras::{attributes::Attributes, data_format::DataFormat, description};

pub(super) const RESCALING: KerasLayer = KerasLayer {
    classes: &["Rescaling"],
    read,
    write: |layer| match layer {
        Layer::Rescaling(rescaling) => Some((
            "Rescaling",
            entries! {
                "scale": numbers(rescaling.scale()),
                "offset": numbers(rescaling.offset()),
            },
        )),
        _ => None,
    },
};

fn read(attributes: &mut Attributes<'_>) -> Plan {
    attributes.check_numbers();
    let scale = attributes.numbers("scale", 1.0);
    let offset = attributes.numbers("offset", 0.0);
    let of_columns = scale.len().max(offset.len()) > 1 && attributes.rank() != Some(1);
    if of_columns && attributes.format == DataFormat::ChannelsFirst {
        attributes.obstacle("scale", "one number, where channels are first");
    }
    Rescaling::new(scale, offset).map_or_else(
        |_| {
            attributes.obstacle("offset", "as many numbers as scales, or one");
            Plan::Nothing
        },
        |layer| Plan::Layer(layer.into()),
    )
}

fn numbers(values: &[f32]) -> Value {
    match values {
        &[all] => description::decimal(all),
        each => json!(
            each.iter()
                .map(|&value| description::decimal(value))
                .collect::<Vec<_>>()
        ),
    }
}
