//! `ZeroPadding2D`, and `ZeroPadding1D` of an image one row high.

use gannet_graph::{Layer, ZeroPadding2D};

use super::{KerasLayer, Plan, entries};

pub(super) const ZERO_PADDING2D: KerasLayer = KerasLayer {
    classes: &["ZeroPadding2D", "ZeroPadding1D"],
    read: |attributes| {
        attributes.check_numbers();
        let [vertical, horizontal] = attributes.borders("padding");
        Plan::Layer(ZeroPadding2D::new(vertical, horizontal).into())
    },
    write: |layer| match layer {
        Layer::ZeroPadding2D(padding) => Some((
            "ZeroPadding2D",
            entries! {
                "padding": [padding.vertical, padding.horizontal],
                "data_format": "channels_last",
            },
        )),
        _ => None,
    },
};
