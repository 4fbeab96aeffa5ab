//! `MaxPooling2D`, and `MaxPooling1D` over an image one row high.

use gannet_graph::{Layer, MaxPool2D};

use super::{KerasLayer, Plan, pooling};

pub(super) const MAX_POOLING2D: KerasLayer = KerasLayer {
    classes: &["MaxPooling2D", "MaxPool2D", "MaxPooling1D", "MaxPool1D"],
    read: |attributes| {
        attributes.check_numbers();
        // Without strides the windows stand side by side.
        let window = attributes.window("pool_size", |pool| pool);
        Plan::Layer(MaxPool2D::new(window).into())
    },
    write: |layer| match layer {
        Layer::MaxPool2D(pool) => Some(("MaxPooling2D", pooling(pool.window))),
        _ => None,
    },
};
