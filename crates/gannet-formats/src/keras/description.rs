//! The network's description as Keras 2.15 writes it for a `Functional` network, which Keras 3
//! reads as well.

use std::collections::HashSet;

use gannet_graph::{Function, Graph, Node, Regularizer};
use serde_json::{Map, Value, json};

use super::{layers, order, unwritable};
use crate::FormatError;

/// The version whose form this is.
pub(super) const KERAS_VERSION: &str = "2.15.0";
/// The framework whose kernel layout this is.
pub(super) const BACKEND: &str = "tensorflow";

/// A graph as a `Functional` model.
pub(super) struct Description<'a> {
    pub graph: &'a Graph,
    /// The layers' names in the file, in the order of the nodes.
    pub names: Vec<String>,
    /// The nodes that the output needs, in the order in which Keras lists the layers of the
    /// model and goes through its weights.
    pub order: Vec<usize>,
}

impl<'a> Description<'a> {
    /// The description of `graph`.
    ///
    /// # Errors
    /// [`FormatError::Unwritable`] with all that Keras has no form for.
    pub fn new(graph: &'a Graph) -> Result<Self, FormatError> {
        unwritable::check(graph)?;
        let inputs: Vec<Vec<usize>> = graph
            .nodes()
            .iter()
            .map(|node| node.inputs().iter().map(|input| input.index()).collect())
            .collect();
        Ok(Description {
            graph,
            names: names(graph),
            order: order::of_keras(graph.output().index(), &inputs),
        })
    }

    /// The `config` of the model, its layers in the order of the nodes.
    pub fn config(&self) -> Value {
        let mut listed = self.order.clone();
        listed.sort_unstable();
        self.config_of(&listed)
    }

    /// The `config` of the model, its layers in Keras' order.
    pub fn config_in_order(&self) -> Value {
        self.config_of(&self.order)
    }

    fn config_of(&self, listed: &[usize]) -> Value {
        let layers: Vec<Value> = listed
            .iter()
            .map(|&place| layer(&self.graph.nodes()[place], &self.names[place], &self.names))
            .collect();
        // Keras 2 would write a list of one end; told so, Keras 3 would ask for inputs in a list.
        let end = |place: usize| json!([self.names[place], 0, 0]);
        json!({
            "name": keras_name(self.graph.name()),
            "trainable": true,
            "layers": layers,
            "input_layers": end(0),
            "output_layers": end(self.graph.output().index()),
        })
    }
}

/// A penalty in JSON; `null` if there is none.
pub(super) fn regularizer(regularizer: Regularizer) -> Value {
    let Regularizer { l1, l2 } = regularizer;
    match (l1 != 0.0, l2 != 0.0) {
        (false, false) => Value::Null,
        (true, false) => json!({ "class_name": "L1", "config": { "l1": decimal(l1) } }),
        (false, true) => json!({ "class_name": "L2", "config": { "l2": decimal(l2) } }),
        (true, true) => json!({
            "class_name": "L1L2",
            "config": { "l1": decimal(l1), "l2": decimal(l2) },
        }),
    }
}

/// The shortest decimal that is read back as the same `f32`: 0.0001 and not
/// 0.00009999999747378752.
pub(super) fn decimal(number: f32) -> Value {
    number
        .to_string()
        .parse::<f64>()
        .map_or(Value::Null, Value::from)
}

/// An `activation`: a name, or a layer that is the function, with the module, without which
/// Keras 3 does not find the class.
pub(super) fn function(function: Function) -> Value {
    let (class, config) = layers::write_function(function);
    if class == "Activation" {
        return json!(function.name());
    }
    json!({
        "module": "keras.layers",
        "class_name": class,
        "config": config,
        "registered_name": null,
    })
}

/// Names for all nodes. Keras 3 takes no `/` in a name, and a name has to fit an attribute.
fn names(graph: &Graph) -> Vec<String> {
    let mut taken = HashSet::new();
    graph
        .nodes()
        .iter()
        .map(|node| {
            let name =
                gannet_graph::free_name(&keras_name(node.name()), |name| taken.contains(name));
            taken.insert(name.clone());
            name
        })
        .collect()
}

fn layer(node: &Node, name: &str, names: &[String]) -> Value {
    let (class, attributes) = layers::write(node.layer());
    let mut config = Map::from_iter([
        ("name".to_owned(), json!(name)),
        ("dtype".to_owned(), json!("float32")),
    ]);
    if class != layers::INPUT_CLASS {
        config.insert("trainable".to_owned(), json!(true));
    }
    config.extend(attributes);
    let call: Vec<Value> = node
        .inputs()
        .iter()
        .map(|input| json!([names[input.index()], 0, 0, {}]))
        .collect();
    let calls = if call.is_empty() {
        json!([])
    } else {
        json!([call])
    };
    json!({
        "module": "keras.layers",
        "class_name": class,
        "config": config,
        "registered_name": null,
        "name": name,
        "inbound_nodes": calls,
    })
}

fn keras_name(name: &str) -> String {
    const LONGEST: usize = 200;
    let name: String = name
        .chars()
        .map(|c| if c == '/' || c == '\0' { '_' } else { c })
        .take(LONGEST)
        .collect();
    if name.is_empty() {
        "layer".to_owned()
    } else {
        name
    }
}
