//! `Flatten`.

use gannet_graph::{Flatten, Layer};

use super::{KerasLayer, Plan, entries};
use crate::keras::data_format::DataFormat;

pub(super) const FLATTEN: KerasLayer = KerasLayer {
    classes: &["Flatten"],
    read: |attributes| {
        attributes.check_numbers();
        let is_first = attributes.get("data_format") == Some(&"channels_first".into());
        match (attributes.format, is_first) {
            // Keras turns such an image before it is flattened.
            (DataFormat::ChannelsFirst, true) => Plan::Layer(Flatten.into()),
            (DataFormat::ChannelsFirst, false) if attributes.rank() != Some(1) => {
                Plan::FlattenFirst
            }
            _ => {
                attributes.only("data_format", &["channels_last".into()]);
                Plan::Layer(Flatten.into())
            }
        }
    },
    write: |layer| match layer {
        Layer::Flatten(_) => Some(("Flatten", entries! { "data_format": "channels_last" })),
        _ => None,
    },
};
