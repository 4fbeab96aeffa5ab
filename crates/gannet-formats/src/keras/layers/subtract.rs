//! `Subtract`.

use gannet_graph::{Layer, Subtract};
use serde_json::Map;

use super::{KerasLayer, Plan};

pub(super) const SUBTRACT: KerasLayer = KerasLayer {
    classes: &["Subtract"],
    read: |attributes| {
        attributes.check_numbers();
        Plan::Layer(Subtract.into())
    },
    write: |layer| match layer {
        Layer::Subtract(_) => Some(("Subtract", Map::new())),
        _ => None,
    },
};
