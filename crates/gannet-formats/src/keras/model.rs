//! One model of a description, `Sequential` or `Functional`: JSON in, its layers in an order in
//! which each follows its inputs out. A layer of a model may be a model.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    config::malformed,
    layers::INPUT_CLASS,
    order,
    snake_case::snake_case,
    wiring::{self, Tensor, Wires},
};
use crate::{FormatError, Obstacle, Obstacles};

/// A call of a layer as it stands in the JSON.
pub(super) struct Entry<'a> {
    pub name: &'a str,
    pub class: &'a str,
    /// The layer's `config`, whatever it is.
    pub config: &'a Value,
    /// Which of the layer's calls it is, from 0 on; each has the same weights.
    pub call: usize,
    /// The calls that it is wired to.
    pub inputs: Vec<Tensor<'a>>,
    /// Its place in the list of the model's layers.
    pub place: usize,
    /// What its group in `model.weights.h5` is called: its class, and a number behind it for
    /// all but the first of that class in the list.
    pub group: String,
}

/// A model without what its output does not need.
pub(super) struct Model<'a> {
    pub name: &'a str,
    pub config: &'a Value,
    /// Each behind its inputs.
    pub entries: Vec<Entry<'a>>,
    /// Names of its input layers; none where a `Sequential` does not list its input.
    pub inputs: Vec<&'a str>,
    /// The call whose output is the model's.
    pub output: Tensor<'a>,
}

/// Whether a class is a model and no layer.
pub(super) fn is_model(class: &str) -> bool {
    matches!(class, "Sequential" | "Functional" | "Model")
}

/// Reads the model `name` of a class that [`is_model`].
pub(super) fn read<'a>(
    name: &'a str,
    class: &str,
    config: &'a Value,
    obstacles: &mut Obstacles,
) -> Result<Model<'a>, FormatError> {
    if class == "Sequential" {
        sequential(name, config)
    } else {
        functional(name, class, config, obstacles)
    }
}

/// The config of the first layer that is none of a model, which is `entry` or in it.
pub(super) fn first_layer<'a>(entry: &Entry<'a>) -> Option<&'a Value> {
    let (mut class, mut config) = (entry.class, entry.config);
    while is_model(class) {
        let first = list(config).ok()?.first()?;
        (class, config) = (text(first, "class_name").ok()?, first.get("config")?);
    }
    Some(config)
}

/// The text called `name` of an object.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, FormatError> {
    value
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| malformed(format!("an object has no text '{name}'")))
}

/// The layers of a `Sequential` model, each wired to the one before.
fn sequential<'a>(name: &'a str, config: &'a Value) -> Result<Model<'a>, FormatError> {
    let mut entries = entries(config)?;
    for i in 1..entries.len() {
        entries[i].inputs = vec![(entries[i - 1].name, 0)];
    }
    let inputs = entries.first().filter(|first| first.class == INPUT_CLASS);
    Ok(Model {
        name,
        config,
        inputs: inputs.map(|input| input.name).into_iter().collect(),
        output: entries.last().map_or(("", 0), |last| (last.name, 0)),
        entries,
    })
}

/// The layers of a `Functional` model between its inputs and its output.
fn functional<'a>(
    name: &'a str,
    class: &str,
    config: &'a Value,
    obstacles: &mut Obstacles,
) -> Result<Model<'a>, FormatError> {
    let mut entries = Vec::new();
    // How often each layer is called.
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (entry, layer) in self::entries(config)?.into_iter().zip(list(config)?) {
        let Wires::Calls(calls) = wiring::inbound(layer.get("inbound_nodes")) else {
            return Err(malformed(format!(
                "the 'inbound_nodes' of layer '{}'",
                entry.name
            )));
        };
        counts.insert(entry.name, calls.len());
        let calls = calls.into_iter().enumerate();
        entries.extend(calls.map(|(call, inputs)| Entry {
            call,
            inputs,
            group: entry.group.clone(),
            ..entry
        }));
    }
    let ends = |attribute: &str| {
        let value = config.get(attribute);
        let tensors = value.map(wiring::ends).unwrap_or_default();
        if tensors.is_empty() {
            return Err(malformed(format!("the network's '{attribute}'")));
        }
        Ok(tensors)
    };
    let (inputs, mut outputs) = (ends("input_layers")?, ends("output_layers")?);
    let wired = entries.iter_mut().flat_map(|entry| &mut entry.inputs);
    count_from_zero(wired.chain(&mut outputs).collect(), &counts);
    if outputs.len() > 1 {
        let names: Vec<&str> = outputs.iter().map(|(name, _)| *name).collect();
        obstacles.0.push(Obstacle {
            layer: name.to_owned(),
            class: class.to_owned(),
            attribute: "output_layers".to_owned(),
            value: names.join(", "),
            supported: "one".to_owned(),
        });
    }
    let calls = entries.iter().enumerate();
    let places: HashMap<Tensor<'_>, usize> = calls
        .map(|(place, entry)| ((entry.name, entry.call), place))
        .collect();
    let place = |tensor: &Tensor<'a>| {
        let unknown = || malformed(format!("there is no layer '{}', but it is wired", tensor.0));
        places.get(tensor).copied().ok_or_else(unknown)
    };
    let wires = entries
        .iter()
        .map(|entry| entry.inputs.iter().map(place).collect())
        .collect::<Result<Vec<Vec<usize>>, _>>()?;
    let ends = outputs.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let order = order::behind_inputs(&ends, &wires).map_err(|layer| {
        let name = entries[layer].name;
        malformed(format!("layer '{name}' is wired to itself in a circle"))
    })?;
    let mut entries: Vec<_> = entries.into_iter().map(Some).collect();
    Ok(Model {
        name,
        config,
        entries: order
            .into_iter()
            .filter_map(|layer| entries[layer].take())
            .collect(),
        inputs: inputs.into_iter().map(|(name, _)| name).collect(),
        output: outputs[0],
    })
}

/// Counts the calls of each layer from 0 on. A model with an input in its list counts its own
/// making as its first call, so that its last has the number of its calls, and not one less.
fn count_from_zero(mut wired: Vec<&mut Tensor<'_>>, counts: &HashMap<&str, usize>) {
    let mut last: HashMap<&str, usize> = HashMap::new();
    for (name, call) in wired.iter().map(|tensor| **tensor) {
        let last = last.entry(name).or_default();
        *last = call.max(*last);
    }
    for (name, call) in wired.iter_mut().map(|tensor| &mut **tensor) {
        let calls = counts.get(name).copied().unwrap_or_default();
        if calls > 0 && last[*name] == calls {
            *call = call.saturating_sub(1);
        }
    }
}

/// The layers in the list of a model, not wired yet.
fn entries(config: &Value) -> Result<Vec<Entry<'_>>, FormatError> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut of_class: HashMap<String, usize> = HashMap::new();
    let mut names = HashMap::new();
    for (place, layer) in list(config)?.iter().enumerate() {
        let class = text(layer, "class_name")?;
        let config = layer
            .get("config")
            .ok_or_else(|| malformed(format!("a layer of class '{class}' has no 'config'")))?;
        let name = config
            .get("name")
            .or_else(|| layer.get("name"))
            .and_then(Value::as_str)
            .ok_or_else(|| malformed(format!("a layer of class '{class}' has no 'name'")))?;
        if names.insert(name, place).is_some() {
            return Err(malformed(format!("two layers are named '{name}'")));
        }
        let group = snake_case(class);
        let before = of_class.entry(group.clone()).or_default();
        entries.push(Entry {
            name,
            class,
            config,
            call: 0,
            inputs: Vec::new(),
            place,
            group: numbered(group, *before),
        });
        *before += 1;
    }
    Ok(entries)
}

/// What Keras calls the group of a class that `before` others of the list had.
pub(super) fn numbered(group: String, before: usize) -> String {
    match before {
        0 => group,
        before => format!("{group}_{before}"),
    }
}

/// The list of layers; the oldest files have the list itself as the config.
pub(super) fn list(config: &Value) -> Result<&Vec<Value>, FormatError> {
    config
        .as_array()
        .or_else(|| config.get("layers")?.as_array())
        .ok_or_else(|| malformed("the network has no list 'layers'"))
}
