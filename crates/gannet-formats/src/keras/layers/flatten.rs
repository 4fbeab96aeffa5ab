//! `Flatten`.

use gannet_graph::{Flatten, Layer};

use super::{KerasLayer, Plan, entries};

pub(super) const FLATTEN: KerasLayer = KerasLayer {
    classes: &["Flatten"],
    read: |attributes| {
        attributes.check_numbers();
        attributes.only("data_format", &["channels_last".into()]);
        Plan::Layer(Flatten.into())
    },
    write: |layer| match layer {
        Layer::Flatten(_) => Some(("Flatten", entries! { "data_format": "channels_last" })),
        _ => None,
    },
};
