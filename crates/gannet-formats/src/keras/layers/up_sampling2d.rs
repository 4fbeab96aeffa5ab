//! `UpSampling2D` by the nearest pixel, and `UpSampling1D` of an image one row high.

use gannet_graph::{Layer, UpSampling2D};

use super::{KerasLayer, Plan, entries};

pub(super) const UP_SAMPLING2D: KerasLayer = KerasLayer {
    classes: &["UpSampling2D", "UpSampling1D"],
    read: |attributes| {
        attributes.check_numbers();
        attributes.check_spatial();
        attributes.only("interpolation", &["nearest".into()]);
        let size = attributes.extents_or("size", [2, 2]);
        let layer = UpSampling2D::new(size).expect("extents are at least 1");
        Plan::Layer(layer.into())
    },
    write: |layer| match layer {
        Layer::UpSampling2D(up) => Some((
            "UpSampling2D",
            entries! {
                "size": up.size(),
                "data_format": "channels_last",
                "interpolation": "nearest",
            },
        )),
        _ => None,
    },
};
