//! `Multiply`.

use gannet_graph::{Layer, Multiply};
use serde_json::Map;

use super::{KerasLayer, Plan};

pub(super) const MULTIPLY: KerasLayer = KerasLayer {
    classes: &["Multiply"],
    read: |attributes| {
        attributes.check_numbers();
        Plan::Layer(Multiply.into())
    },
    write: |layer| match layer {
        Layer::Multiply(_) => Some(("Multiply", Map::new())),
        _ => None,
    },
};
