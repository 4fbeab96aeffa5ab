//! `Add`.

use gannet_graph::{Add, Layer};
use serde_json::Map;

use super::{KerasLayer, Plan};

pub(super) const ADD: KerasLayer = KerasLayer {
    classes: &["Add"],
    read: |attributes| {
        attributes.check_numbers();
        Plan::Layer(Add.into())
    },
    write: |layer| match layer {
        Layer::Add(_) => Some(("Add", Map::new())),
        _ => None,
    },
};
