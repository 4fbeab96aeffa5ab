//! The network's description, `model_config` or `config.json`: JSON in, layers in an order in which each follows its
//! inputs out. Models within models are taken apart into their layers. All that Gannet does
//! not have is collected before anything is refused.

use std::collections::HashMap;

use gannet_graph::Layer;
use serde_json::{Map, Value};

use super::{
    attributes::Attributes,
    data_format::DataFormat,
    keras_1,
    layers::{self, INPUT_CLASS, Plan},
    model::{self, Entry, Model},
    network::{Network, Origin, Planned},
    version::Version,
    wiring::Tensor,
};
use crate::{FormatError, Obstacle, Obstacles};

/// The longest description that is read: a layer takes about 1 KiB, and JSON in memory sixteen
/// times its text and more.
pub(super) const LONGEST: usize = 8 << 20;

/// The most that layers may take once models are taken apart: each call of a model has its layers
/// again, and their names begin with its own.
const LARGEST: usize = 32 << 20;

/// What a layer takes beside its names, about.
const LAYER: usize = 512;

/// Reads a description that `version` wrote.
pub(super) fn parse(text: &str, version: Version) -> Result<Network, FormatError> {
    if text.len() > LONGEST {
        return Err(malformed(format!(
            "it has {} bytes, more than the limit of {LONGEST}",
            text.len()
        )));
    }
    let description = serde_json::from_str(text).map_err(|source| FormatError::Json { source })?;
    read(description, version)
}

/// Reads the value of a description.
fn read(mut description: Value, version: Version) -> Result<Network, FormatError> {
    let mut obstacles = Obstacles::default();
    if version == Version::One {
        keras_1::translate(&mut description, &mut obstacles);
    }
    let description = &description;
    let class = model::text(description, "class_name")?;
    let config = description
        .get("config")
        .ok_or_else(|| malformed("the network has no 'config'"))?;
    let name = config.get("name").and_then(Value::as_str).unwrap_or(class);
    let mut flat = Flat {
        layers: Vec::new(),
        size: 0,
        format: DataFormat::of_network(config),
        version,
        obstacles,
    };
    if !model::is_model(class) {
        flat.obstacles.0.push(Obstacle {
            layer: name.to_owned(),
            class: class.to_owned(),
            attribute: "class_name".to_owned(),
            value: format!("\"{class}\""),
            supported: "\"Sequential\" or \"Functional\"".to_owned(),
        });
        return Err(FormatError::Unsupported(flat.obstacles));
    }
    let model = model::read(name, class, config, &mut flat.obstacles)?;
    if model.inputs.len() > 1 {
        flat.obstacles.0.push(Obstacle {
            layer: name.to_owned(),
            class: class.to_owned(),
            attribute: "input_layers".to_owned(),
            value: model.inputs.join(", "),
            supported: "one".to_owned(),
        });
    }
    let inputs = flat.hidden_input(&model);
    flat.add_model(&model, &inputs, None)?;
    if !flat.obstacles.0.is_empty() {
        return Err(FormatError::Unsupported(flat.obstacles));
    }
    Ok(Network {
        name: name.to_owned(),
        layers: flat.layers,
        format: flat.format,
    })
}

/// A network without models in it, as far as it is read.
struct Flat {
    layers: Vec<Planned>,
    /// What was read so far takes, in bytes, about.
    size: usize,
    format: DataFormat,
    version: Version,
    obstacles: Obstacles,
}

impl Flat {
    /// Adds the layers of a model that is called with the layers at the places `inputs`, and
    /// gives the place of its output. A network's own inputs are in its list, unless the list
    /// of a `Sequential` has none.
    fn add_model(
        &mut self,
        model: &Model<'_>,
        inputs: &[usize],
        around: Option<&Origin>,
    ) -> Result<usize, FormatError> {
        let mut places: HashMap<Tensor<'_>, usize> = HashMap::new();
        if around.is_some() {
            if !model.inputs.is_empty() && model.inputs.len() != inputs.len() {
                return Err(malformed(format!(
                    "the model '{}' has {} inputs, but is called with {}",
                    model.name,
                    model.inputs.len(),
                    inputs.len()
                )));
            }
            let named = model.inputs.iter().map(|&name| (name, 0));
            places.extend(named.zip(inputs.iter().copied()));
        }
        for entry in &model.entries {
            let call = (entry.name, entry.call);
            if places.contains_key(&call) {
                continue;
            }
            let wired = if entry.inputs.is_empty() && entry.class != INPUT_CLASS {
                // The first of a `Sequential` whose input is not in the list.
                inputs.to_vec()
            } else {
                let place = |tensor: &Tensor<'_>| {
                    let name = tensor.0;
                    let unknown = || malformed(format!("there is no layer '{name}' to wire to"));
                    places.get(tensor).copied().ok_or_else(unknown)
                };
                entry.inputs.iter().map(place).collect::<Result<_, _>>()?
            };
            let place = self.add(entry, wired, around)?;
            places.insert(call, place);
        }
        places
            .get(&model.output)
            .copied()
            .ok_or_else(|| malformed(format!("the model '{}' has no output", model.name)))
    }

    /// Adds a layer, or the layers of a model, and gives the place of its output.
    fn add(
        &mut self,
        entry: &Entry<'_>,
        inputs: Vec<usize>,
        around: Option<&Origin>,
    ) -> Result<usize, FormatError> {
        let config = entry
            .config
            .as_object()
            .ok_or_else(|| malformed(format!("the 'config' of layer '{}'", entry.name)))?;
        let trainable = config.get("trainable") != Some(&Value::Bool(false));
        let origin = Origin::below(around, entry, trainable);
        self.grow(origin.name.len() + origin.outermost.len())?;
        if model::is_model(entry.class) {
            self.grow(model::list(entry.config)?.len() * LAYER)?;
            let (name, config) = (&origin.name, entry.config);
            let model = model::read(name, entry.class, config, &mut self.obstacles)?;
            return self.add_model(&model, &inputs, Some(&origin));
        }
        let rank = inputs.first().and_then(|&input| self.layers[input].rank);
        let attributes = Attributes::new(&origin.name, entry.class, config, &mut self.obstacles)
            .behind(rank, self.format)
            .written_by(self.version);
        let (plan, rank) = plan(attributes);
        self.layers.push(Planned {
            origin,
            plan,
            inputs,
            rank,
        });
        Ok(self.layers.len() - 1)
    }

    /// Counts what is to be read next.
    fn grow(&mut self, bytes: usize) -> Result<(), FormatError> {
        self.size = self.size.saturating_add(bytes);
        if self.size > LARGEST {
            return Err(malformed(format!(
                "its models within models become more than {LARGEST} bytes of layers"
            )));
        }
        Ok(())
    }

    /// Adds the input of a `Sequential` network that has none in its list: its shape stands at
    /// the first layer or, in Keras 3, at the network.
    fn hidden_input(&mut self, model: &Model<'_>) -> Vec<usize> {
        let Some(first) = model
            .entries
            .first()
            .filter(|first| first.inputs.is_empty())
        else {
            return Vec::new();
        };
        if first.class == INPUT_CLASS {
            return Vec::new();
        }
        let built = model.config.get("build_input_shape").cloned();
        let built = Map::from_iter([("batch_shape".to_owned(), built.unwrap_or_default())]);
        let config = model::first_layer(first)
            .and_then(Value::as_object)
            .filter(|config| layers::has_shape(config))
            .unwrap_or(&built);
        let mut attributes = Attributes::new(first.name, first.class, config, &mut self.obstacles);
        let Some(shape) = layers::read_shape(&mut attributes) else {
            return Vec::new();
        };
        self.layers.push(Planned {
            origin: Origin::hidden(format!("{}_input", first.name)),
            rank: Some(shape.dims().len()),
            plan: Plan::Input(shape),
            inputs: Vec::new(),
        });
        vec![0]
    }
}

/// What becomes of a layer, and how many extents its output has in Keras.
fn plan(mut attributes: Attributes<'_>) -> (Plan, Option<usize>) {
    let (class, rank) = (attributes.class, attributes.rank());
    let Some(kind) = layers::by_class(class) else {
        attributes.obstacle_of_class(layers::classes());
        return (Plan::Nothing, None);
    };
    if !attributes.format.turns(class, rank) {
        attributes.obstacle_of_class("in networks whose channels are last".to_owned());
    }
    let plan = (kind.read)(&mut attributes);
    let rank = match &plan {
        Plan::Input(shape) => Some(shape.dims().len()),
        Plan::FlattenFirst
        | Plan::Layer(
            Layer::Flatten(_) | Layer::GlobalAveragePool2D(_) | Layer::GlobalMaxPool2D(_),
        ) => Some(1),
        Plan::Shaped(rank, _) => Some(*rank),
        _ => rank,
    };
    (plan, rank)
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
        read(model.clone(), Version::Three)?.build(|_, expected| {
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
    }

    /// A model that is called twice, the second time behind itself: Keras counts its calls from 1
    /// on if its list begins with an input.
    #[test]
    fn each_call_of_a_model_has_its_layers() {
        for first in [0, 1] {
            let inside = match first {
                0 => json!([relu("b", &json!([]))]),
                _ => json!([input("inside"), relu("b", &json!([]))]),
            };
            let model = json!({ "class_name": "Sequential",
                "config": { "name": "a", "layers": inside },
                "inbound_nodes": [[["image", 0, 0, {}]], [["a", first, 0, {}]]] });
            let ends = [json!(["image", 0, 0]), json!(["a", first + 1, 0])];
            let layers = json!([input("image"), model]);
            let graph = network(&functional(&layers, &ends[0], &ends[1])).unwrap();
            assert_eq!(names(&graph), ["image", "a/b", "a/call_1/b"]);
        }
    }

    /// A layer that is called twice, the second time behind another, is two with one's weights.
    #[test]
    fn each_call_of_a_layer_is_a_layer() {
        let dense = json!({ "class_name": "Dense",
            "config": { "name": "a", "units": 4, "activation": "linear", "use_bias": false },
            "inbound_nodes": [[["image", 0, 0, {}]], [["b", 0, 0, {}]]] });
        let layers = json!([
            input("image"),
            dense,
            relu("b", &json!([[["a", 0, 0, {}]]]))
        ]);
        let ends = [json!(["image", 0, 0]), json!(["a", 1, 0])];
        let graph = network(&functional(&layers, &ends[0], &ends[1])).unwrap();
        assert_eq!(names(&graph), ["image", "a", "b", "a/call_1"]);
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

    /// Each of 25 models calls the one in it twice.
    #[test]
    fn models_that_grow_without_end_are_refused() {
        let mut inner = relu("0", &json!([]));
        for i in 1..=25 {
            let name = (i - 1).to_string();
            let twice = [json!(["x", 0, 0, {}]), json!([name, 0, 0, {}])];
            inner["inbound_nodes"] = json!([[twice[0]], [twice[1]]]);
            inner = functional(
                &json!([input("x"), inner]),
                &json!([["x", 0, 0]]),
                &json!([name, 1, 0]),
            );
            inner["config"]["name"] = json!(i.to_string());
        }
        let text = network(&inner).unwrap_err().to_string();
        assert!(text.contains("models within models"), "{text}");
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

    /// The weights of a mixed policy are single precision, those of `float16` are not.
    #[test]
    fn a_policy_of_other_weights_is_an_obstacle() {
        let of_policy = |name: &str| {
            let mut layer = relu("a", &json!([[["image", 0, 0, {}]]]));
            layer["config"]["dtype"] = json!({
                "module": "keras", "class_name": "DTypePolicy",
                "config": { "name": name }, "registered_name": null,
            });
            let ends = [json!(["image", 0, 0]), json!(["a", 0, 0])];
            network(&functional(
                &json!([input("image"), layer]),
                &ends[0],
                &ends[1],
            ))
        };
        assert!(of_policy("mixed_float16").is_ok());
        let text = of_policy("float16").unwrap_err().to_string();
        assert!(text.contains("float16") && text.contains("dtype"), "{text}");
    }
}
