//! What Keras 1 calls layers and their attributes, in Keras 2's words, which all that reads a
//! description knows. The pairs of names are those of Keras 2's `legacy/interfaces.py`.

use serde_json::{Map, Value, json};

use super::model;
use crate::{Obstacle, Obstacles};

/// Classes whose names changed.
const CLASSES: &[(&str, &str)] = &[
    ("Convolution1D", "Conv1D"),
    ("Convolution2D", "Conv2D"),
    ("AtrousConvolution2D", "Conv2D"),
    ("SeparableConvolution2D", "SeparableConv2D"),
];

/// Attributes whose names changed, in whatever class has them.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("nb_filter", "filters"),
    ("output_dim", "units"),
    ("filter_length", "kernel_size"),
    ("subsample", "strides"),
    ("subsample_length", "strides"),
    ("atrous_rate", "dilation_rate"),
    ("pool_length", "pool_size"),
    ("stride", "strides"),
    ("border_mode", "padding"),
    ("length", "size"),
    ("bias", "use_bias"),
    ("p", "rate"),
    ("dim_ordering", "data_format"),
    ("W_regularizer", "kernel_regularizer"),
];

/// The classes of `Merge` by its `mode`.
const MERGES: &[(&str, &str)] = &[
    ("sum", "Add"),
    ("mul", "Multiply"),
    ("max", "Maximum"),
    ("concat", "Concatenate"),
];

/// Puts the description of a network, or of a model in it, into Keras 2's words. What has none
/// is left as it is, and noted as an obstacle if it would be taken for something else.
pub(super) fn translate(description: &mut Value, obstacles: &mut Obstacles) {
    let Some(class) = description.get("class_name").and_then(Value::as_str) else {
        return;
    };
    let class = class.to_owned();
    let Some(config) = description.get_mut("config") else {
        return;
    };
    if model::is_model(&class) {
        let layers = match config {
            Value::Array(layers) => Some(layers),
            config => config.get_mut("layers").and_then(Value::as_array_mut),
        };
        for layer in layers.into_iter().flatten() {
            translate(layer, obstacles);
        }
    } else if let Some(config) = config.as_object_mut() {
        let class = translate_layer(&class, config, obstacles);
        description["class_name"] = Value::String(class);
    }
}

/// Puts a layer's attributes into Keras 2's words, and gives its class.
fn translate_layer(
    class: &str,
    config: &mut Map<String, Value>,
    obstacles: &mut Obstacles,
) -> String {
    check(class, config, obstacles);
    if let (Some(rows), Some(columns)) = (config.remove("nb_row"), config.remove("nb_col")) {
        config.insert("kernel_size".to_owned(), json!([rows, columns]));
    }
    for (old, new) in ATTRIBUTES {
        if let Some(value) = config.remove(*old) {
            let value = match *old {
                "dim_ordering" => data_format(value),
                "W_regularizer" => regularizer(value),
                _ => value,
            };
            config.insert((*new).to_owned(), value);
        }
    }
    if class == "ZeroPadding2D"
        && let Some([top, bottom, left, right]) = config
            .get("padding")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
    {
        let padding = json!([[top, bottom], [left, right]]);
        config.insert("padding".to_owned(), padding);
    }
    let renamed = if class == "Merge" {
        if let Some(axis) = config.remove("concat_axis") {
            config.insert("axis".to_owned(), axis);
        }
        named(MERGES, config.get("mode").and_then(Value::as_str))
    } else {
        named(CLASSES, Some(class))
    };
    renamed.unwrap_or(class).to_owned()
}

/// What stands beside `old` in a table.
fn named(table: &[(&str, &'static str)], old: Option<&str>) -> Option<&'static str> {
    let row = table.iter().find(|(name, _)| Some(*name) == old);
    row.map(|(_, new)| *new)
}

/// Notes what would be taken for something else: kernels whose filters are first, which Theano
/// turned round as well, and normalization of each sample.
fn check(class: &str, config: &Map<String, Value>, obstacles: &mut Obstacles) {
    let of_kernels = ("dim_ordering", json!("tf"));
    let of_channels = ("mode", json!(0));
    let (attribute, supported) = match class {
        "BatchNormalization" => of_channels,
        _ if class.contains("Convolution2D") => of_kernels,
        _ => return,
    };
    let Some(value) = config.get(attribute).filter(|found| **found != supported) else {
        return;
    };
    let name = config.get("name").and_then(Value::as_str);
    obstacles.0.push(Obstacle {
        layer: name.unwrap_or_default().to_owned(),
        class: class.to_owned(),
        attribute: attribute.to_owned(),
        value: value.to_string(),
        supported: supported.to_string(),
    });
}

fn data_format(dim_ordering: Value) -> Value {
    match dim_ordering.as_str() {
        Some("tf") => json!("channels_last"),
        Some("th") => json!("channels_first"),
        _ => dim_ordering,
    }
}

/// A penalty of Keras 1 has its weights beside its class.
fn regularizer(value: Value) -> Value {
    match value.get("name").and_then(Value::as_str) {
        Some("L1L2Regularizer") => {
            json!({ "class_name": "L1L2", "config": { "l1": value["l1"], "l2": value["l2"] } })
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_in_a_model_is_translated_too() {
        let dense = json!({ "class_name": "Dense", "config": {
            "name": "dense_1", "output_dim": 2, "bias": false,
            "W_regularizer": { "name": "L1L2Regularizer", "l1": 0.0, "l2": 0.5 },
        }});
        let inner = json!({ "class_name": "Sequential", "config": [dense] });
        let mut description = json!({ "class_name": "Model", "config": { "layers": [inner] } });
        let mut obstacles = Obstacles::default();
        translate(&mut description, &mut obstacles);
        assert_eq!(obstacles, Obstacles::default());
        let expected = json!({ "class_name": "Dense", "config": {
            "name": "dense_1", "units": 2, "use_bias": false,
            "kernel_regularizer": { "class_name": "L1L2", "config": { "l1": 0.0, "l2": 0.5 } },
        }});
        assert_eq!(description["config"]["layers"][0]["config"][0], expected);
    }

    #[test]
    fn what_would_be_another_layer_is_an_obstacle() {
        let layers = [
            json!({ "class_name": "Convolution2D", "config": { "name": "a", "dim_ordering": "th" } }),
            json!({ "class_name": "BatchNormalization", "config": { "name": "b", "mode": 1 } }),
            json!({ "class_name": "Dense", "config": { "name": "c" } }),
        ];
        let mut description = json!({ "class_name": "Sequential", "config": layers });
        let mut obstacles = Obstacles::default();
        translate(&mut description, &mut obstacles);
        let told: Vec<(&str, &str, &str)> = obstacles
            .0
            .iter()
            .map(|o| (o.layer.as_str(), o.attribute.as_str(), o.value.as_str()))
            .collect();
        assert_eq!(told, [("a", "dim_ordering", "\"th\""), ("b", "mode", "1")]);
    }
}
