//! `Maximum`.

use gannet_graph::{Layer, Maximum};
use serde_json::Map;

use super::{KerasLayer, Plan};

pub(super) const MAXIMUM: KerasLayer = KerasLayer {
    classes: &["Maximum"],
    read: |attributes| {
        attributes.check_numbers();
        Plan::Layer(Maximum.into())
    },
    write: |layer| match layer {
        Layer::Maximum(_) => Some(("Maximum", Map::new())),
        _ => None,
    },
};
