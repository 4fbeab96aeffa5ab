//! `MaxPooling2D`.

use gannet_graph::{Layer, MaxPool2D};

use super::{KerasLayer, Plan, entries};

pub(super) const MAX_POOLING2D: KerasLayer = KerasLayer {
    classes: &["MaxPooling2D", "MaxPool2D"],
    read: |attributes| {
        attributes.check_numbers();
        // Without strides the windows stand side by side.
        let window = attributes.window("pool_size", |pool| pool);
        Plan::Layer(MaxPool2D::new(window).into())
    },
    write: |layer| match layer {
        Layer::MaxPool2D(pool) => Some((
            "MaxPooling2D",
            entries! {
                "pool_size": pool.window.kernel(),
                "strides": pool.window.stride(),
                "padding": pool.window.padding().to_string(),
                "data_format": "channels_last",
            },
        )),
        _ => None,
    },
};
