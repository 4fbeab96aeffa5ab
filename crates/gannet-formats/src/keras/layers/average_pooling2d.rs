//! `AveragePooling2D`, and `AveragePooling1D` over an image one row high.

use gannet_graph::{AveragePool2D, Layer};

use super::{KerasLayer, Plan, pooling};

pub(super) const AVERAGE_POOLING2D: KerasLayer = KerasLayer {
    classes: &[
        "AveragePooling2D",
        "AvgPool2D",
        "AveragePooling1D",
        "AvgPool1D",
    ],
    read: |attributes| {
        attributes.check_numbers();
        // Without strides the windows stand side by side.
        let window = attributes.window("pool_size", |pool| pool);
        Plan::Layer(AveragePool2D::new(window).into())
    },
    write: |layer| match layer {
        Layer::AveragePool2D(pool) => Some(("AveragePooling2D", pooling(pool.window))),
        _ => None,
    },
};
