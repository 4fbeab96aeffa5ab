//! The network in `model_config`: JSON in, layers in an order in which each follows its
//! inputs out. All that Gannet does not have is collected before anything is refused.

use std::collections::HashMap;

use gannet_graph::{Graph, Input, Layer, Tensor};
use serde_json::{Map, Value};

use super::{
    attributes::Attributes,
    layers::{self, Expected, INPUT_CLASS, Plan},
    wiring::{self, Wires},
};
use crate::{FormatError, Obstacle, Obstacles};

/// A network whose attributes are read and whose weights are not.
pub(super) struct Network {
    name: String,
    /// The first is the input, the last the output.
    layers: Vec<Planned>,
}

struct Planned {
    name: String,
    plan: Plan,
    /// Places in [`Network::layers`].
    inputs: Vec<usize>,
}

/// A layer as it stands in the JSON.
struct Entry<'a> {
    name: &'a str,
    class: &'a str,
    config: &'a Map<String, Value>,
    /// Names of the layers that it is wired to.
    inputs: Vec<&'a str>,
}

/// Reads the value of `model_config`.
pub(super) fn read(model: &Value) -> Result<Network, FormatError> {
    let class = text(model, "class_name")?;
    let config = model
        .get("config")
        .ok_or_else(|| malformed("the network has no 'config'"))?;
    let name = config.get("name").and_then(Value::as_str).unwrap_or(class);
    let mut obstacles = Obstacles::default();
    let mut entries = match class {
        "Sequential" => sequential(config)?,
        "Functional" | "Model" => functional(name, class, config, &mut obstacles)?,
        _ => {
            obstacles.0.push(Obstacle {
                layer: name.to_owned(),
                class: class.to_owned(),
                attribute: "class_name".to_owned(),
                value: format!("\"{class}\""),
                supported: "\"Sequential\" or \"Functional\"".to_owned(),
            });
            return Err(FormatError::Unsupported(obstacles));
        }
    };
    let mut layers = Vec::new();
    if let Some(input) = hidden_input(config, &mut entries, &mut obstacles) {
        layers.push(input);
    }
    let mut places: HashMap<&str, usize> = HashMap::new();
    let shift = layers.len();
    for (i, entry) in entries.iter().enumerate() {
        let plan = plan(entry, &mut obstacles);
        let inputs = match entry.inputs.as_slice() {
            // The layer behind an input that is not listed.
            [] if entry.class != INPUT_CLASS && shift == 1 && i == 0 => vec![0],
            names => names.iter().map(|name| places[name]).collect(),
        };
        if places.insert(entry.name, i + shift).is_some() {
            return Err(malformed(format!("two layers are named '{}'", entry.name)));
        }
        layers.push(Planned {
            name: entry.name.to_owned(),
            plan,
            inputs,
        });
    }
    if !obstacles.0.is_empty() {
        return Err(FormatError::Unsupported(obstacles));
    }
    Ok(Network {
        name: name.to_owned(),
        layers,
    })
}

impl Network {
    /// The network with its weights, which `weights` gives for a layer's name.
    pub fn build(
        self,
        mut weights: impl FnMut(&str, &[Expected]) -> Result<Vec<Tensor>, FormatError>,
    ) -> Result<Graph, FormatError> {
        let mut layers = self.layers.into_iter();
        let first = layers.next();
        let Some(Plan::Layer(Layer::Input(input))) = first.as_ref().map(|first| &first.plan) else {
            return Err(malformed("the network does not begin with an input"));
        };
        let shape = gannet_graph::LayerKind::output_shape(input, "", &[])?;
        let input_name = first.expect("just seen").name;
        let mut graph = Graph::with_input(self.name, input_name, shape)?;
        let mut ids = vec![graph.output()];
        for Planned { name, plan, inputs } in layers {
            let inputs: Vec<_> = inputs.iter().map(|&place| ids[place]).collect();
            let layer = match plan {
                Plan::Nothing => {
                    let &[input] = inputs.as_slice() else {
                        return Err(malformed(format!(
                            "layer '{name}' should be wired to one other, but is to {}",
                            inputs.len()
                        )));
                    };
                    ids.push(input);
                    continue;
                }
                Plan::Layer(layer) => layer,
                Plan::Weighted(expected, make) => make(weights(&name, &expected)?)?,
            };
            ids.push(graph.add(name, layer, &inputs)?);
        }
        Ok(graph)
    }
}

/// The layers of a `Sequential` network, each wired to the one before.
fn sequential(config: &Value) -> Result<Vec<Entry<'_>>, FormatError> {
    // The oldest files have the list itself as the config.
    let list = config.as_array().map_or_else(|| list(config), Ok)?;
    let mut entries: Vec<Entry<'_>> = Vec::with_capacity(list.len());
    for layer in list {
        let inputs = entries.last().map(|before| before.name);
        entries.push(Entry {
            inputs: inputs.into_iter().collect(),
            ..entry(layer)?
        });
    }
    Ok(entries)
}

/// The layers of a `Functional` network between its input and its output, in order.
fn functional<'a>(
    name: &str,
    class: &str,
    config: &'a Value,
    obstacles: &mut Obstacles,
) -> Result<Vec<Entry<'a>>, FormatError> {
    let mut entries: HashMap<&str, Entry<'_>> = HashMap::new();
    for layer in list(config)? {
        let mut entry = entry(layer)?;
        match wiring::inbound(layer.get("inbound_nodes")) {
            Wires::From(inputs) => entry.inputs = inputs,
            Wires::Shared(inputs, calls) => {
                entry.inputs = inputs;
                obstacles.0.push(Obstacle {
                    layer: entry.name.to_owned(),
                    class: entry.class.to_owned(),
                    attribute: "inbound_nodes".to_owned(),
                    value: format!("{calls} calls of one layer"),
                    supported: "one call".to_owned(),
                });
            }
            Wires::Malformed => {
                return Err(malformed(format!(
                    "the 'inbound_nodes' of layer '{}'",
                    entry.name
                )));
            }
        }
        if let Some(twice) = entries.insert(entry.name, entry) {
            return Err(malformed(format!("two layers are named '{}'", twice.name)));
        }
    }
    let mut ends = Vec::new();
    for attribute in ["input_layers", "output_layers"] {
        let value = config
            .get(attribute)
            .ok_or_else(|| malformed(format!("the network has no '{attribute}'")))?;
        let names = wiring::ends(value);
        match names.as_slice() {
            [] => return Err(malformed(format!("the '{attribute}' of the network"))),
            [_] => {}
            names => obstacles.0.push(Obstacle {
                layer: name.to_owned(),
                class: class.to_owned(),
                attribute: attribute.to_owned(),
                value: names.join(", "),
                supported: "one".to_owned(),
            }),
        }
        ends = names;
    }
    let wires = entries
        .values()
        .map(|entry| (entry.name, entry.inputs.clone()))
        .collect();
    let order = wiring::order(&ends, &wires).map_err(malformed)?;
    Ok(order
        .into_iter()
        .filter_map(|name| entries.remove(name))
        .collect())
}

/// The input of a `Sequential` network that has none in its list: its shape stands at the
/// first layer or, in Keras 3, at the network.
fn hidden_input(
    config: &Value,
    entries: &mut [Entry<'_>],
    obstacles: &mut Obstacles,
) -> Option<Planned> {
    let first = entries.first().filter(|first| first.class != INPUT_CLASS)?;
    let before = obstacles.0.len();
    let mut attributes = Attributes::new(first.name, first.class, first.config, obstacles);
    let shape = layers::read_shape(&mut attributes).or_else(|| {
        let built = config.get("build_input_shape")?.clone();
        let config = Map::from_iter([("batch_shape".to_owned(), built)]);
        layers::read_shape(&mut Attributes::new(
            first.name,
            first.class,
            &config,
            obstacles,
        ))
    });
    let Some(shape) = shape else {
        if obstacles.0.len() == before {
            Attributes::new(first.name, first.class, first.config, obstacles)
                .obstacle("batch_input_shape", "[null, height, width, channels]");
        }
        return None;
    };
    Some(Planned {
        name: format!("{}_input", first.name),
        plan: Plan::Layer(Input::new(shape).into()),
        inputs: Vec::new(),
    })
}

fn plan(entry: &Entry<'_>, obstacles: &mut Obstacles) -> Plan {
    match layers::by_class(entry.class) {
        Some(kind) => (kind.read)(&mut Attributes::new(
            entry.name,
            entry.class,
            entry.config,
            obstacles,
        )),
        None => {
            obstacles.0.push(Obstacle {
                layer: entry.name.to_owned(),
                class: entry.class.to_owned(),
                attribute: "class_name".to_owned(),
                value: format!("\"{}\"", entry.class),
                supported: layers::classes(),
            });
            Plan::Nothing
        }
    }
}

fn list(config: &Value) -> Result<&Vec<Value>, FormatError> {
    config
        .get("layers")
        .and_then(Value::as_array)
        .ok_or_else(|| malformed("the network has no list 'layers'"))
}

fn entry(layer: &Value) -> Result<Entry<'_>, FormatError> {
    let class = text(layer, "class_name")?;
    let config = layer
        .get("config")
        .and_then(Value::as_object)
        .ok_or_else(|| malformed(format!("a layer of class '{class}' has no 'config'")))?;
    let name = config
        .get("name")
        .or_else(|| layer.get("name"))
        .and_then(Value::as_str)
        .ok_or_else(|| malformed(format!("a layer of class '{class}' has no 'name'")))?;
    Ok(Entry {
        name,
        class,
        config,
        inputs: Vec::new(),
    })
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, FormatError> {
    value
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| malformed(format!("an object has no text '{name}'")))
}

fn malformed(what: impl Into<String>) -> FormatError {
    FormatError::Config(what.into())
}
