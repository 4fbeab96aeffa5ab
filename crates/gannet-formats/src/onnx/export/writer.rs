//! Collects the nodes and tensors of a model under names that are free.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use gannet_graph::{Graph, Node, NodeId, Shape, Tensor};

use super::{IR_VERSION, NEWER_IR_VERSION, OPSET, order::Form, rounding, rounding::Rounded};
use crate::onnx::schema::{self, Extent, Model, attribute_type, data_type};

/// A model under construction.
pub(super) struct Writer<'a> {
    /// What is written.
    pub graph: &'a Graph,
    /// What values and weights are rounded to, if they are.
    pub rounded: Option<&'a Rounded>,
    forms: Vec<Form>,
    /// The names of the values that nodes read, where they are not the nodes'.
    called: HashMap<NodeId, String>,
    taken: HashSet<String>,
    opset: i64,
    model: schema::Graph,
}

impl<'a> Writer<'a> {
    pub fn new(graph: &'a Graph, forms: Vec<Form>) -> Self {
        Writer {
            graph,
            rounded: None,
            forms,
            called: HashMap::new(),
            taken: graph.nodes().iter().map(|n| n.name().to_owned()).collect(),
            opset: OPSET,
            model: schema::Graph {
                name: graph.name().to_owned(),
                ..Default::default()
            },
        }
    }

    /// How a node's value is written.
    pub fn form(&self, id: NodeId) -> Form {
        self.forms[id.index()]
    }

    /// Notes that an operator is written that no earlier version has.
    pub fn need_opset(&mut self, version: i64) {
        self.opset = self.opset.max(version);
    }

    /// The name of a node's value, which is the node's unless it was called otherwise.
    pub fn value(&self, id: NodeId) -> String {
        let name = || self.graph.node(id).name().to_owned();
        self.called.get(&id).cloned().unwrap_or_else(name)
    }

    /// Gives a node's value, for all that reads it from now on, another name.
    pub fn call(&mut self, id: NodeId, value: String) {
        self.called.insert(id, value);
    }

    /// The names of what a node reads.
    pub fn inputs(&self, node: &Node) -> Vec<String> {
        node.inputs().iter().map(|&id| self.value(id)).collect()
    }

    /// A name that nothing else has: `base`, or with a number behind it.
    pub fn free_name(&mut self, base: &str) -> String {
        let name = gannet_graph::free_name(base, |name| self.taken.contains(name));
        self.taken.insert(name.clone());
        name
    }

    /// Adds the node of layer `name`, which gives the value of that name.
    pub fn node(
        &mut self,
        name: &str,
        operator: &str,
        inputs: Vec<String>,
        attributes: Vec<schema::Attribute>,
    ) {
        self.add(name, operator, inputs, attributes, name.to_owned());
    }

    /// Adds a node beside that of layer `name`; the name of what it gives.
    pub fn beside(
        &mut self,
        name: &str,
        operator: &str,
        inputs: Vec<String>,
        attributes: Vec<schema::Attribute>,
    ) -> String {
        let output = self.free_name(&format!("{name}/{}", operator.to_lowercase()));
        self.add(&output, operator, inputs, attributes, output.clone());
        output
    }

    /// Adds a node `name` that gives the value `output`.
    pub fn add(
        &mut self,
        name: &str,
        operator: &str,
        inputs: Vec<String>,
        attributes: Vec<schema::Attribute>,
        output: String,
    ) {
        self.model.node.push(schema::Node {
            input: inputs,
            output: vec![output],
            name: name.to_owned(),
            op_type: operator.to_owned(),
            attribute: attributes,
            domain: String::new(),
        });
    }

    /// Adds weights of a layer, as `float32` or as what they are rounded to; their name.
    pub fn tensor(&mut self, layer: &str, name: &str, tensor: &Tensor) -> String {
        match self.rounded.and_then(|rounded| rounded.weights.get(layer)) {
            Some(scales) => rounding::weights(self, layer, name, tensor, scales),
            None => self.floats(layer, name, tensor),
        }
    }

    /// Adds a tensor of `float32`; its name.
    pub fn floats(&mut self, layer: &str, name: &str, tensor: &Tensor) -> String {
        let bytes = tensor.data().iter().flat_map(|value| value.to_le_bytes());
        let raw = bytes.collect();
        self.initializer(layer, name, tensor.shape().dims(), data_type::FLOAT, raw)
    }

    /// Adds a single `float32`; its name.
    pub fn scalar(&mut self, layer: &str, name: &str, value: f32) -> String {
        let raw = value.to_le_bytes().to_vec();
        self.initializer(layer, name, &[], data_type::FLOAT, raw)
    }

    /// Adds whole numbers; their name.
    pub fn whole(&mut self, layer: &str, name: &str, numbers: &[i64]) -> String {
        let raw = numbers.iter().flat_map(|number| number.to_le_bytes());
        let raw = raw.collect();
        self.initializer(layer, name, &[numbers.len()], data_type::INT64, raw)
    }

    /// Adds a tensor of any elements, little-endian; its name.
    pub fn initializer(
        &mut self,
        layer: &str,
        name: &str,
        dims: &[usize],
        data_type: i32,
        raw: Vec<u8>,
    ) -> String {
        let name = self.free_name(&format!("{layer}/{name}"));
        self.model.initializer.push(schema::Tensor {
            dims: dims.iter().map(|&dim| dim as i64).collect(),
            data_type,
            name: name.clone(),
            raw_data: Some(Bytes::from(raw)),
            ..Default::default()
        });
        name
    }

    /// The model, with the graph's first and last value as its ends.
    pub fn finish(mut self) -> Model {
        let input = self.graph.ids().next().expect("a graph has an input");
        let output = self.graph.output();
        let [input_type, output_type] = match self.rounded {
            Some(rounded) => [(input, rounded.input_end), (output, rounded.output_end)]
                .map(|(id, end)| rounded.element(id, end)),
            None => [data_type::FLOAT; 2],
        };
        let name = self.graph.node(input).name().to_owned();
        self.model.input = vec![self.end(input, name, input_type)];
        self.model.output = vec![self.end(output, self.value(output), output_type)];
        Model {
            ir_version: if self.opset > OPSET {
                NEWER_IR_VERSION
            } else {
                IR_VERSION
            },
            producer_name: "gannet".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(self.model),
            opset_import: vec![schema::OperatorSet {
                domain: String::new(),
                version: self.opset,
            }],
            functions: Vec::new(),
        }
    }

    /// The value of node `id` at an end, of elements of that type.
    fn end(&self, id: NodeId, name: String, elem_type: i32) -> schema::ValueInfo {
        let dims = dims(self.form(id), self.graph.node(id).output_shape());
        let fixed = dims.into_iter().map(|dim| Extent::Fixed(dim as i64));
        let extents = std::iter::once(Extent::Named("batch".to_owned())).chain(fixed);
        let dim = extents.map(|extent| schema::Dimension {
            value: Some(extent),
        });
        schema::ValueInfo {
            name,
            r#type: Some(schema::Type {
                tensor_type: Some(schema::TensorType {
                    elem_type,
                    shape: Some(schema::TensorShape { dim: dim.collect() }),
                }),
            }),
        }
    }
}

/// The extents of a value without the batch.
fn dims(form: Form, shape: &Shape) -> Vec<usize> {
    match (form, shape.as_image()) {
        (Form::ChannelsFirst, Some([height, width, channels])) => vec![channels, height, width],
        _ => shape.dims().to_vec(),
    }
}

/// A whole number.
pub(super) fn int(name: &str, value: i64) -> schema::Attribute {
    schema::Attribute {
        name: name.to_owned(),
        i: Some(value),
        r#type: attribute_type::INT,
        ..Default::default()
    }
}

/// Whole numbers.
pub(super) fn ints<const N: usize>(name: &str, values: [usize; N]) -> schema::Attribute {
    int_list(name, &values)
}

/// Whole numbers, however many.
pub(super) fn int_list(name: &str, values: &[usize]) -> schema::Attribute {
    schema::Attribute {
        name: name.to_owned(),
        ints: values.iter().map(|&value| value as i64).collect(),
        r#type: attribute_type::INTS,
        ..Default::default()
    }
}

/// A number.
pub(super) fn float(name: &str, value: f32) -> schema::Attribute {
    schema::Attribute {
        name: name.to_owned(),
        f: Some(value),
        r#type: attribute_type::FLOAT,
        ..Default::default()
    }
}

/// A text.
pub(super) fn text(name: &str, value: &'static str) -> schema::Attribute {
    schema::Attribute {
        name: name.to_owned(),
        s: Some(Bytes::from_static(value.as_bytes())),
        r#type: attribute_type::STRING,
        ..Default::default()
    }
}
