//! Which classes of Keras are read, and which of their attributes, told by the code that reads
//! them: it is asked to read a layer without attributes, which shows what it looks for, and then
//! one with an impossible value of each, which shows what it would take.

use std::collections::BTreeMap;

use gannet_graph::{Activation, Conv2D, DepthwiseConv2D, Layer, LayerKind as _};
use serde_json::{Map, Value, json};

use super::{
    attributes::Attributes,
    layers::{KerasLayer, LAYERS},
};
use crate::{Obstacles, Supported};

/// What every class has: no attribute of its own.
const COMMON: [&str; 2] = ["dtype", "quantization_config"];

/// What is to be known of the attributes of layers.
pub(crate) const NOTES: &str = "An attribute that is not listed changes training only, or nothing, \
and is left out. The layers `…1D` are read as layers over images one row high.";

/// Every class that is read; classes that differ in nothing are one.
pub fn supported() -> Vec<Supported> {
    let mut all: Vec<Supported> = Vec::new();
    for layer in LAYERS {
        let mut of_layer: Vec<Supported> = Vec::new();
        for class in layer.classes {
            let attributes = attributes(layer, class);
            match of_layer.iter_mut().find(|s| s.attributes == attributes) {
                Some(same) => same.names.push((*class).to_owned()),
                None => of_layer.push(Supported {
                    names: vec![(*class).to_owned()],
                    kinds: kinds(layer),
                    attributes,
                }),
            }
        }
        all.append(&mut of_layer);
    }
    all
}

/// The attributes of a class and the values that are taken.
fn attributes(layer: &KerasLayer, class: &str) -> Vec<(String, String)> {
    let (mut open, _) = asked(layer, class, &Map::new());
    let mut attributes = BTreeMap::new();
    while let Some(name) = open.pop() {
        if attributes.contains_key(&name) || COMMON.contains(&name.as_str()) {
            continue;
        }
        let impossible = Map::from_iter([(name.clone(), json!({}))]);
        let (others, obstacles) = asked(layer, class, &impossible);
        let obstacle = obstacles.0.into_iter().find(|o| o.attribute == name);
        let values = obstacle.map_or("any".to_owned(), |obstacle| obstacle.supported);
        attributes.insert(name, values);
        open.extend(others);
    }
    attributes.into_iter().collect()
}

/// The attributes that are looked for in a layer with this `config`, and the obstacles in it.
fn asked(layer: &KerasLayer, class: &str, config: &Map<String, Value>) -> (Vec<String>, Obstacles) {
    let mut obstacles = Obstacles::default();
    let mut attributes = Attributes::new("", class, config, &mut obstacles);
    (layer.read)(&mut attributes);
    (attributes.asked(), obstacles)
}

/// What becomes of the layers of a class.
fn kinds(layer: &KerasLayer) -> Vec<&'static str> {
    let own = Layer::KINDS
        .iter()
        .find(|kind| layer.classes.contains(kind));
    match (own, layer.classes[0]) {
        (Some(kind), _) => vec![kind],
        (None, "SeparableConv2D") => vec![DepthwiseConv2D::KIND, Conv2D::KIND],
        (None, "SpatialDropout1D") => Vec::new(),
        // All others are functions.
        (None, _) => vec![Activation::KIND],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(class: &str) -> Supported {
        let of_class = |s: &Supported| s.names.iter().any(|name| name == class);
        let found = supported().into_iter().find(of_class);
        found.unwrap()
    }

    #[test]
    fn attributes_and_their_values_are_those_that_are_read() {
        let pooling = of("AveragePooling2D");
        assert_eq!(pooling.kinds, ["AveragePooling2D"]);
        let attributes: Vec<(&str, &str)> = pooling
            .attributes
            .iter()
            .map(|(name, values)| (name.as_str(), values.as_str()))
            .collect();
        let both = "\"channels_last\" or \"channels_first\", the same in all layers";
        assert!(attributes.contains(&("data_format", both)));
        assert!(attributes.contains(&("padding", "\"valid\" or \"same\"")));
        assert!(attributes.contains(&("pool_size", "one or two numbers from 1 to 65536")));
        assert!(attributes.iter().all(|(name, _)| *name != "dtype"));
    }

    #[test]
    fn a_class_may_become_several_layers_or_none() {
        let separable = of("SeparableConv2D");
        assert_eq!(separable.kinds, ["DepthwiseConv2D", "Conv2D"]);
        assert!(of("SpatialDropout1D").kinds.is_empty());
        assert_eq!(of("LeakyReLU").kinds, ["Activation"]);
        assert_ne!(of("LeakyReLU").attributes, of("ReLU").attributes);
    }
}
