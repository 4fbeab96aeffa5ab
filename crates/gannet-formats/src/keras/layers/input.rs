//! `InputLayer`, and the input shape that a `Sequential` network may have at its first
//! layer instead.

use gannet_graph::{Layer, Shape};
use serde_json::{Map, Value, json};

use super::{KerasLayer, Plan, entries};
use crate::keras::attributes::{Attributes, extent};

pub(in crate::keras) const INPUT_CLASS: &str = "InputLayer";

pub(super) const INPUT: KerasLayer = KerasLayer {
    classes: &[INPUT_CLASS],
    read: |attributes| {
        attributes.check_numbers();
        attributes.only("sparse", &[false.into()]);
        attributes.only("ragged", &[false.into()]);
        read_shape(attributes).map_or(Plan::Nothing, Plan::Input)
    },
    write: |layer| match layer {
        Layer::Input(input) => {
            let shape = gannet_graph::LayerKind::output_shape(input, "", &[]).ok()?;
            let extents = shape.dims().iter().map(|&extent| json!(extent));
            let batch_shape: Vec<Value> = std::iter::once(Value::Null).chain(extents).collect();
            Some((
                INPUT_CLASS,
                entries! {
                    "batch_input_shape": batch_shape,
                    "dtype": "float32",
                    "sparse": false,
                    "ragged": false,
                },
            ))
        }
        _ => None,
    },
};

/// Keras 2's name and Keras 3's.
const SHAPES: [&str; 2] = ["batch_input_shape", "batch_shape"];

/// Whether the config of a layer tells the shape of the network's input.
pub(in crate::keras) fn has_shape(config: &Map<String, Value>) -> bool {
    SHAPES.iter().any(|&name| config.contains_key(name))
}

/// The input's shape without the batch, a sequence with two extents; `None` beside an
/// obstacle.
pub(in crate::keras) fn read_shape(attributes: &mut Attributes<'_>) -> Option<Shape> {
    let [keras_2, keras_3] = SHAPES;
    let name = match attributes.get(keras_2) {
        Some(_) => keras_2,
        None => keras_3,
    };
    let shape = attributes.get(name).and_then(without_batch);
    if shape.is_none() {
        attributes.obstacle(
            name,
            "[null,height,width,channels], [null,length,channels] or [null,features]",
        );
    }
    shape
}

fn without_batch(shape: &Value) -> Option<Shape> {
    let (_batch, extents) = shape.as_array()?.split_first()?;
    let extents: Option<Vec<usize>> = extents.iter().map(extent).collect();
    extents
        .filter(|extents| matches!(extents.len(), 1..=3))
        .map(Shape::from)
        .filter(Shape::is_bounded)
}
