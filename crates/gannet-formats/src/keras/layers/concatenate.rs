//! `Concatenate` of the channels.

use gannet_graph::{Concatenate, Layer};

use super::{KerasLayer, Plan, entries};

pub(super) const CONCATENATE: KerasLayer = KerasLayer {
    classes: &["Concatenate"],
    read: |attributes| {
        attributes.check_numbers();
        attributes.check_axis();
        Plan::Layer(Concatenate.into())
    },
    write: |layer| match layer {
        Layer::Concatenate(_) => Some(("Concatenate", entries! { "axis": -1 })),
        _ => None,
    },
};
