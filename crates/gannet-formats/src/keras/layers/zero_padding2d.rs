//! `ZeroPadding2D`, and `ZeroPadding1D` of an image one row high.

use gannet_graph::{Layer, ZeroPadding2D};
use serde_json::Value;

use super::{KerasLayer, Plan, entries};
use crate::keras::{
    attributes::{Attributes, border},
    spatial::Spatial,
};

pub(super) const ZERO_PADDING2D: KerasLayer = KerasLayer {
    classes: &["ZeroPadding2D", "ZeroPadding1D"],
    read,
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

fn read(attributes: &mut Attributes<'_>) -> Plan {
    attributes.check_numbers();
    attributes.check_spatial();
    let spatial = attributes.spatial();
    let padding = match attributes.get("padding") {
        None => borders(&Value::from(1), spatial),
        Some(value) => borders(value, spatial),
    };
    let [vertical, horizontal] = padding.unwrap_or_else(|| {
        attributes.obstacle("padding", "numbers from 0 to 65536, or pairs of them");
        [[0; 2]; 2]
    });
    Plan::Layer(ZeroPadding2D::new(vertical, horizontal).into())
}

/// `[[above, below], [left, right]]` from one number, one for each axis, or two for each.
fn borders(value: &Value, spatial: Spatial) -> Option<[[usize; 2]; 2]> {
    let pair = |value: &Value| match value.as_array().map(Vec::as_slice) {
        Some([before, after]) => Some([border(before)?, border(after)?]),
        Some(_) => None,
        None => border(value).map(|both| [both; 2]),
    };
    match (spatial, value.as_array().map(Vec::as_slice)) {
        (Spatial::Sequence, _) => Some([[0; 2], pair(value)?]),
        (Spatial::Image, Some([vertical, horizontal])) => {
            Some([pair(vertical)?, pair(horizontal)?])
        }
        (Spatial::Image, Some(_)) => None,
        (Spatial::Image, None) => Some([pair(value)?; 2]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_spelling_of_a_border_is_read() {
        let image = |value| borders(&value, Spatial::Image);
        assert_eq!(image(json!(2)), Some([[2, 2], [2, 2]]));
        assert_eq!(image(json!([1, 2])), Some([[1, 1], [2, 2]]));
        assert_eq!(image(json!([[0, 1], [2, 3]])), Some([[0, 1], [2, 3]]));
        assert_eq!(image(json!([1])), None);
        assert_eq!(image(json!([[1, 2], [-1, 0]])), None);
        let sequence = |value| borders(&value, Spatial::Sequence);
        assert_eq!(sequence(json!(2)), Some([[0, 0], [2, 2]]));
        assert_eq!(sequence(json!([1, 2])), Some([[0, 0], [1, 2]]));
    }
}
