//! The network in `model_config`: JSON in, layers in an order in which each follows its
//! inputs out. All that Gannet does not have is collected before anything is refused.

use std::collections::HashMap;

use gannet_graph::Layer;
use serde_json::{Map, Value};

use super::{
    attributes::Attributes,
    layers::{self, INPUT_CLASS, Plan},
    network::{Network, Planned},
    order,
    wiring::{self, Wires},
};
use crate::{FormatError, Obstacle, Obstacles};

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
    let entries = match class {
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
    let mut layers: Vec<Planned> = Vec::new();
    if let Some(input) = hidden_input(config, &entries, &mut obstacles) {
        layers.push(input);
    }
    let mut places: HashMap<&str, usize> = HashMap::new();
    let shift = layers.len();
    for (i, entry) in entries.iter().enumerate() {
        let inputs = match entry.inputs.as_slice() {
            // The layer behind an input that is not listed.
            [] if entry.class != INPUT_CLASS && shift == 1 && i == 0 => vec![0],
            names => names.iter().map(|name| places[name]).collect(),
        };
        let rank = inputs.first().and_then(|&input: &usize| layers[input].rank);
        let (plan, rank) = plan(entry, rank, &mut obstacles);
        if places.insert(entry.name, i + shift).is_some() {
            return Err(malformed(format!("two layers are named '{}'", entry.name)));
        }
        layers.push(Planned {
            name: entry.name.to_owned(),
            plan,
            inputs,
            rank,
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
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
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
        if places.insert(entry.name, entries.len()).is_some() {
            return Err(malformed(format!("two layers are named '{}'", entry.name)));
        }
        entries.push(entry);
    }
    let mut ends = |attribute: &str| {
        let value = config.get(attribute);
        let names = value.map(wiring::ends).unwrap_or_default();
        if names.is_empty() {
            return Err(malformed(format!("the network's '{attribute}'")));
        }
        if names.len() > 1 {
            obstacles.0.push(Obstacle {
                layer: name.to_owned(),
                class: class.to_owned(),
                attribute: attribute.to_owned(),
                value: names.join(", "),
                supported: "one".to_owned(),
            });
        }
        Ok(names)
    };
    ends("input_layers")?;
    let outputs = ends("output_layers")?;
    let place = |name: &&str| {
        let unknown = || malformed(format!("there is no layer '{name}', but it is wired"));
        places.get(name).copied().ok_or_else(unknown)
    };
    let wires = entries
        .iter()
        .map(|entry| entry.inputs.iter().map(place).collect())
        .collect::<Result<Vec<Vec<usize>>, _>>()?;
    let outputs = outputs.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let order = order::behind_inputs(&outputs, &wires).map_err(|layer| {
        let name = entries[layer].name;
        malformed(format!("layer '{name}' is wired to itself in a circle"))
    })?;
    let mut entries: Vec<_> = entries.into_iter().map(Some).collect();
    Ok(order
        .into_iter()
        .filter_map(|layer| entries[layer].take())
        .collect())
}

/// The input of a `Sequential` network that has none in its list: its shape stands at the
/// first layer or, in Keras 3, at the network.
fn hidden_input(
    config: &Value,
    entries: &[Entry<'_>],
    obstacles: &mut Obstacles,
) -> Option<Planned> {
    let first = entries.first().filter(|first| first.class != INPUT_CLASS)?;
    let built = config.get("build_input_shape").cloned();
    let built = Map::from_iter([("batch_shape".to_owned(), built.unwrap_or_default())]);
    let config = if layers::has_shape(first.config) {
        first.config
    } else {
        &built
    };
    let mut attributes = Attributes::new(first.name, first.class, config, obstacles);
    let shape = layers::read_shape(&mut attributes)?;
    Some(Planned {
        name: format!("{}_input", first.name),
        rank: Some(shape.dims().len()),
        plan: Plan::Input(shape),
        inputs: Vec::new(),
    })
}

/// What becomes of a layer whose input has `rank` extents in Keras, and how many its output
/// has.
fn plan(
    entry: &Entry<'_>,
    rank: Option<usize>,
    obstacles: &mut Obstacles,
) -> (Plan, Option<usize>) {
    let Some(kind) = layers::by_class(entry.class) else {
        obstacles.0.push(Obstacle {
            layer: entry.name.to_owned(),
            class: entry.class.to_owned(),
            attribute: "class_name".to_owned(),
            value: format!("\"{}\"", entry.class),
            supported: layers::classes(),
        });
        return (Plan::Nothing, None);
    };
    let attributes = Attributes::new(entry.name, entry.class, entry.config, obstacles);
    let plan = (kind.read)(&mut attributes.behind(rank));
    let rank = match &plan {
        Plan::Input(shape) => Some(shape.dims().len()),
        Plan::Layer(Layer::Flatten(_) | Layer::GlobalAveragePool2D(_)) => Some(1),
        _ => rank,
    };
    (plan, rank)
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

/// A description that is JSON, but not as Keras writes it.
pub(super) fn malformed(what: impl Into<String>) -> FormatError {
    FormatError::Config(what.into())
}

#[cfg(test)]
mod tests {
    use gannet_graph::{Graph, Tensor};
    use serde_json::json;

    use super::*;

    /// The network of a description, its weights zero.
    fn network(model: &Value) -> Result<Graph, FormatError> {
        read(model)?.build(|_, expected| {
            let shapes = expected.iter().map(|weight| {
                let extents = weight.shape.iter().map(|extent| extent.unwrap_or(4));
                Tensor::zeros(extents.collect::<Vec<_>>())
            });
            Ok(shapes.collect())
        })
    }

    fn names(graph: &Graph) -> Vec<&str> {
        graph.nodes().iter().map(|node| node.name()).collect()
    }

    fn functional(layers: &Value, inputs: &Value, outputs: &Value) -> Value {
        json!({ "class_name": "Functional", "config": {
            "name": "net", "layers": layers, "input_layers": inputs, "output_layers": outputs,
        }})
    }

    fn relu(name: &str, inbound_nodes: &Value) -> Value {
        json!({ "class_name": "ReLU", "config": { "name": name }, "inbound_nodes": inbound_nodes })
    }

    fn input(name: &str) -> Value {
        json!({ "class_name": "InputLayer", "config": { "name": name, "batch_shape": [null, 4] },
            "inbound_nodes": [] })
    }

    /// Keras 2.0 to 2.2: the list is the config, the shape stands at the first layer.
    #[test]
    fn the_oldest_sequential_form_is_read() {
        let graph = network(&json!({ "class_name": "Sequential", "config": [
            { "class_name": "Dense", "config": {
                "name": "dense_1", "batch_input_shape": [null, 4], "units": 2,
                "activation": "relu", "use_bias": false,
                "kernel_regularizer": { "class_name": "L1L2", "config": { "l1": 0.0, "l2": 0.5 } },
            }},
            { "class_name": "Dropout", "config": { "name": "dropout_1", "rate": 0.5 } },
        ]}))
        .unwrap();
        assert_eq!(names(&graph), ["dense_1_input", "dense_1", "dropout_1"]);
        let Layer::Dense(dense) = graph.nodes()[1].layer() else {
            panic!("a dense layer was described");
        };
        assert_eq!(dense.kernel_regularizer.l2, 0.5);
        assert!(dense.bias().is_none());
    }

    #[test]
    fn a_sequential_network_without_a_shape_is_refused() {
        let error = network(&json!({ "class_name": "Sequential", "config": { "layers": [
            { "class_name": "Flatten", "config": { "name": "flatten" } },
        ]}}))
        .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("'flatten' (Flatten): batch_shape is null"),
            "{text}"
        );
    }

    /// Layers stand in any order in the file; those that the output does not need are left.
    #[test]
    fn wiring_and_not_the_list_gives_the_order() {
        let layers = json!([
            relu("last", &json!([[["middle", 0, 0, {}]]])),
            relu("unused", &json!([[["image", 0, 0, {}]]])),
            relu("middle", &json!([["image", 0, 0, {}]])),
            input("image"),
        ]);
        let graph = network(&functional(
            &layers,
            &json!([["image", 0, 0]]),
            &json!([["last", 0, 0]]),
        ));
        assert_eq!(names(&graph.unwrap()), ["image", "middle", "last"]);
    }

    /// What does nothing may be the end, and the layers may stand in any order.
    #[test]
    fn the_output_is_the_last_node() {
        let layers = json!([
            { "class_name": "GaussianNoise", "config": { "name": "end", "stddev": 0.5 },
                "inbound_nodes": [[["b", 0, 0, {}]]] },
            relu("b", &json!([[["a", 0, 0, {}]]])),
            input("image"),
            relu("a", &json!([[["image", 0, 0, {}]]])),
        ]);
        let ends = [json!(["image", 0, 0]), json!(["end", 0, 0])];
        let graph = network(&functional(&layers, &ends[0], &ends[1])).unwrap();
        assert_eq!(names(&graph), ["image", "a", "b"]);
        let output = graph.nodes()[graph.output().index()].name();
        assert_eq!(output, "b");
    }

    #[test]
    fn a_circle_an_unknown_name_and_a_second_input_are_refused() {
        let ends = [json!(["image", 0, 0]), json!(["a", 0, 0])];
        let refused = |layers: Value, part: &str| {
            let text = network(&functional(&layers, &ends[0], &ends[1]))
                .unwrap_err()
                .to_string();
            assert!(text.contains(part), "'{part}' is not in: {text}");
        };
        refused(
            json!([input("image"), relu("a", &json!([[["a", 0, 0, {}]]]))]),
            "in a circle",
        );
        refused(
            json!([input("image"), relu("a", &json!([[["b", 0, 0, {}]]]))]),
            "no layer 'b'",
        );
        let both = json!([[["image", 0, 0, {}], ["b", 0, 0, {}]]]);
        refused(
            json!([input("image"), input("b"), relu("a", &both)]),
            "'b' is a second input",
        );
        let twice = json!([[["image", 0, 0, {}]], [["a", 0, 0, {}]]]);
        refused(
            json!([input("image"), relu("a", &twice)]),
            "2 calls of one layer",
        );
    }

    /// Each of 100 layers doubles the channels.
    #[test]
    fn tensors_that_grow_without_end_are_refused() {
        let mut layers = vec![input("0")];
        for i in 1..100 {
            let before = (i - 1).to_string();
            layers.push(json!({
                "class_name": "Concatenate", "config": { "name": i.to_string(), "axis": -1 },
                "inbound_nodes": [[[before, 0, 0, {}], [before, 0, 0, {}]]],
            }));
        }
        let ends = [json!(["0", 0, 0]), json!(["99", 0, 0])];
        let error = network(&functional(&json!(layers), &ends[0], &ends[1])).unwrap_err();
        // 4·2²⁷ is the first that is more than 2²⁸.
        let text = error.to_string();
        assert!(
            text.contains("layer '27' (Concatenate) gives 536870912"),
            "{text}"
        );
    }

    /// Keras counts the batch as axis 0, so the channels of an image are axis 3, of a sequence
    /// axis 2, and behind `Flatten` axis 1.
    #[test]
    fn the_last_axis_depends_on_the_rank() {
        let refusal = |shape: Value, first: Value, axis: Value| {
            let layers = json!([
                { "class_name": "InputLayer", "config": { "name": "a", "batch_shape": shape } },
                first,
                { "class_name": "BatchNormalization", "config": { "name": "c", "axis": axis } },
            ]);
            network(&json!({ "class_name": "Sequential", "config": { "layers": layers }}))
                .err()
                .map(|error| error.to_string())
        };
        let of = |class: &str| json!({ "class_name": class, "config": { "name": "b" } });
        let [image, sequence] = [json!([null, 3, 2, 4]), json!([null, 3, 4])];
        assert_eq!(refusal(image.clone(), of("ReLU"), json!([3])), None);
        assert_eq!(refusal(sequence.clone(), of("ReLU"), json!(2)), None);
        assert_eq!(
            refusal(image.clone(), of("GlobalAveragePooling2D"), json!(1)),
            None
        );
        let text = refusal(image, of("ReLU"), json!([1])).unwrap();
        assert!(
            text.contains("'c' (BatchNormalization): axis is [1]"),
            "{text}"
        );
        let text = refusal(sequence, of("GlobalAveragePooling2D"), json!(-1)).unwrap();
        assert!(
            text.contains("its input's rank is 2, supported: 3"),
            "{text}"
        );
    }

    #[test]
    fn a_policy_of_other_numbers_is_an_obstacle() {
        let mut layer = relu("a", &json!([[["image", 0, 0, {}]]]));
        layer["config"]["dtype"] = json!({
            "module": "keras", "class_name": "DTypePolicy",
            "config": { "name": "mixed_float16" }, "registered_name": null,
        });
        let error = network(&functional(
            &json!([input("image"), layer]),
            &json!(["image", 0, 0]),
            &json!(["a", 0, 0]),
        ));
        let text = error.unwrap_err().to_string();
        assert!(
            text.contains("mixed_float16") && text.contains("dtype"),
            "{text}"
        );
    }
}
