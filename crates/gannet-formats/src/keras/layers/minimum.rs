//! `Minimum`.

use gannet_graph::{Layer, Minimum};
use serde_json::Map;

use super::{KerasLayer, Plan};

pub(super) const MINIMUM: KerasLayer = KerasLayer {
    classes: &["Minimum"],
    read: |attributes| {
        attributes.check_numbers();
        Plan::Layer(Minimum.into())
    },
    write: |layer| match layer {
        Layer::Minimum(_) => Some(("Minimum", Map::new())),
        _ => None,
    },
};
