//! `GlobalMaxPooling2D`, and `GlobalMaxPooling1D` over an image one row high.

use gannet_graph::{GlobalMaxPool2D, Layer};

use super::{KerasLayer, Plan, entries};

pub(super) const GLOBAL_MAX_POOLING2D: KerasLayer = KerasLayer {
    classes: &[
        "GlobalMaxPooling2D",
        "GlobalMaxPool2D",
        "GlobalMaxPooling1D",
        "GlobalMaxPool1D",
    ],
    read: |attributes| {
        attributes.check_numbers();
        attributes.check_spatial();
        attributes.only("keepdims", &[false.into()]);
        Plan::Layer(GlobalMaxPool2D.into())
    },
    write: |layer| match layer {
        Layer::GlobalMaxPool2D(_) => Some((
            "GlobalMaxPooling2D",
            entries! { "data_format": "channels_last", "keepdims": false },
        )),
        _ => None,
    },
};
