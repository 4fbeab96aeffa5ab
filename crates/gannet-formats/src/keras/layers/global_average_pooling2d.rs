//! `GlobalAveragePooling2D`, and `GlobalAveragePooling1D` over an image one row high.

use gannet_graph::{GlobalAveragePool2D, Layer};

use super::{KerasLayer, Plan, entries};

pub(super) const GLOBAL_AVERAGE_POOLING2D: KerasLayer = KerasLayer {
    classes: &[
        "GlobalAveragePooling2D",
        "GlobalAvgPool2D",
        "GlobalAveragePooling1D",
        "GlobalAvgPool1D",
    ],
    read: |attributes| {
        attributes.check_numbers();
        attributes.check_spatial();
        attributes.only("keepdims", &[false.into()]);
        Plan::Layer(GlobalAveragePool2D.into())
    },
    write: |layer| match layer {
        Layer::GlobalAveragePool2D(_) => Some((
            "GlobalAveragePooling2D",
            entries! { "data_format": "channels_last", "keepdims": false },
        )),
        _ => None,
    },
};
