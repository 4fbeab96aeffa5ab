//! `Cropping2D`, and `Cropping1D` of an image one row high.

use gannet_graph::{Cropping2D, Layer};

use super::{KerasLayer, Plan, entries};

pub(super) const CROPPING2D: KerasLayer = KerasLayer {
    classes: &["Cropping2D", "Cropping1D"],
    read: |attributes| {
        attributes.check_numbers();
        let [vertical, horizontal] = attributes.borders("cropping");
        Plan::Layer(Cropping2D::new(vertical, horizontal).into())
    },
    write: |layer| match layer {
        Layer::Cropping2D(cropping) => Some((
            "Cropping2D",
            entries! {
                "cropping": [cropping.vertical, cropping.horizontal],
                "data_format": "channels_last",
            },
        )),
        _ => None,
    },
};
