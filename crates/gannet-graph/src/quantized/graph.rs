//! A quantized network: layers in an order in which each follows its inputs.

use std::collections::HashSet;

use crate::{
    Arity, GraphError, NodeId, Shape, Tensor,
    quantized::{Input, Layer, QuantizedTensor, TensorType},
};

/// What a network takes, or gives, at one of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum End {
    /// The integers of the first, or last, activation.
    #[default]
    Integers,
    /// The real numbers that they stand for, as `f32`: quantizing them is part of the network.
    Floats,
}

/// A layer in its place: its name, what it is wired to, and the type that it gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    name: String,
    layer: Layer,
    inputs: Vec<NodeId>,
    output: TensorType,
}

impl Node {
    /// The layer's name, unique in its graph.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The layer.
    pub fn layer(&self) -> &Layer {
        &self.layer
    }

    /// The nodes that it is wired to, all earlier in the order.
    pub fn inputs(&self) -> &[NodeId] {
        &self.inputs
    }

    /// Shape and quantization of what it gives.
    pub fn output(&self) -> &TensorType {
        &self.output
    }
}

/// A network with one input and one output: the last node. Types and wiring are checked as
/// layers are added, so a graph that exists is sound and can be run.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantizedGraph {
    name: String,
    nodes: Vec<Node>,
    /// What the network takes.
    pub input_end: End,
    /// What the network gives.
    pub output_end: End,
}

impl QuantizedGraph {
    /// A network `name` of nothing but an input of that type, named `input`.
    ///
    /// # Errors
    /// [`GraphError::Size`] if the shape is empty or boundless.
    pub fn new(name: impl Into<String>, input: TensorType) -> Result<Self, GraphError> {
        QuantizedGraph::with_input(name, "input", input)
    }

    /// As [`QuantizedGraph::new`], with a name for the input.
    ///
    /// # Errors
    /// [`GraphError::Size`] if the shape is empty or boundless.
    pub fn with_input(
        name: impl Into<String>,
        input: impl Into<String>,
        input_type: TensorType,
    ) -> Result<Self, GraphError> {
        let mut graph = QuantizedGraph {
            name: name.into(),
            nodes: Vec::new(),
            input_end: End::default(),
            output_end: End::default(),
        };
        graph.add(input, Input::new(input_type), &[])?;
        Ok(graph)
    }

    /// Adds `layer` behind the last node.
    ///
    /// # Errors
    /// If the name is taken or the layer does not suit its input.
    pub fn push(
        &mut self,
        name: impl Into<String>,
        layer: impl Into<Layer>,
    ) -> Result<NodeId, GraphError> {
        self.add(name, layer, &[self.output()])
    }

    /// Adds `layer` behind `inputs`; it becomes the output.
    ///
    /// # Errors
    /// If the name is taken, the number of inputs wrong, or the layer does not suit them.
    ///
    /// # Panics
    /// If an id comes from another graph and points behind this one's last node.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        layer: impl Into<Layer>,
        inputs: &[NodeId],
    ) -> Result<NodeId, GraphError> {
        let (name, layer) = (name.into(), layer.into());
        if self.find(&name).is_some() {
            return Err(GraphError::DuplicateName(name));
        }
        if !layer.arity().admits(inputs.len()) {
            return Err(GraphError::Arity {
                layer: name,
                kind: layer.kind(),
                expected: layer.arity().words(),
                found: inputs.len(),
            });
        }
        let output = layer.output_type(&name, &self.types(inputs))?;
        if !output.shape.is_bounded() {
            return Err(GraphError::Size {
                layer: name,
                kind: layer.kind(),
                found: output.shape,
            });
        }
        self.nodes.push(Node {
            name,
            layer,
            inputs: inputs.to_vec(),
            output,
        });
        Ok(self.output())
    }

    /// The network's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same network under another name.
    pub fn renamed(self, name: impl Into<String>) -> Self {
        QuantizedGraph {
            name: name.into(),
            ..self
        }
    }

    /// All nodes, each behind its inputs; the first is the input, the last the output.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node of that id.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The ids of all nodes, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId::at)
    }

    /// The id of the node named `name`.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        let place = self.nodes.iter().position(|node| node.name == name);
        place.map(NodeId::at)
    }

    /// The last node.
    pub fn output(&self) -> NodeId {
        NodeId::at(self.nodes.len() - 1)
    }

    /// The type of the network's first activation.
    pub fn input_type(&self) -> &TensorType {
        &self.nodes[0].output
    }

    /// The type of the network's last activation.
    pub fn output_type(&self) -> &TensorType {
        &self.node(self.output()).output
    }

    /// How many weights the network has.
    pub fn params(&self) -> usize {
        self.nodes.iter().map(|node| node.layer.params()).sum()
    }

    /// How many bytes the weights take, packed, without their scales.
    pub fn weights_bytes(&self) -> usize {
        let bytes = self.nodes.iter().map(|node| node.layer.weights_bytes());
        bytes.sum()
    }

    /// Multiply-accumulates of one node.
    pub fn node_macs(&self, id: NodeId) -> u64 {
        let node = self.node(id);
        node.layer.macs(&self.types(&node.inputs), &node.output)
    }

    /// Multiply-accumulates of one inference.
    pub fn macs(&self) -> u64 {
        self.ids().map(|id| self.node_macs(id)).sum()
    }

    /// Which nodes read the output of `id`.
    pub fn readers(&self, id: NodeId) -> Vec<NodeId> {
        self.ids()
            .filter(|&reader| self.node(reader).inputs.contains(&id))
            .collect()
    }

    /// A name that no node has yet: `base`, or `base_1`, `base_2`, … as Keras counts.
    pub fn free_name(&self, base: &str) -> String {
        let taken: HashSet<&str> = self.nodes.iter().map(Node::name).collect();
        crate::free_name(base, |name| taken.contains(name))
    }

    /// The reference: what the network gives for the integers `image`.
    ///
    /// # Errors
    /// [`GraphError::InputShape`] if the image has another shape than the network's input.
    pub fn run(&self, image: &QuantizedTensor) -> Result<QuantizedTensor, GraphError> {
        Ok(self.run_all(image)?.pop().expect("a graph has an input"))
    }

    /// The reference: what every node gives for the integers `image`, in order. They are taken
    /// to stand for what the network's input says.
    ///
    /// # Errors
    /// [`GraphError::InputShape`] if the image has another shape than the network's input, and
    /// [`GraphError::Range`] if a value does not fit its element type.
    pub fn run_all(&self, image: &QuantizedTensor) -> Result<Vec<QuantizedTensor>, GraphError> {
        self.check_shape(image.shape())?;
        let image = QuantizedTensor::new(self.input_type().clone(), image.data().to_vec())?;
        let mut activations: Vec<QuantizedTensor> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let activation = match node.layer.arity() {
                Arity::None => image.clone(),
                _ => {
                    let inputs: Vec<&QuantizedTensor> = node
                        .inputs
                        .iter()
                        .map(|id| &activations[id.index()])
                        .collect();
                    node.layer.run(&inputs, &node.output)
                }
            };
            activations.push(activation);
        }
        Ok(activations)
    }

    /// The reference between real numbers: quantizes `image`, runs the network, and gives what
    /// its output stands for.
    ///
    /// # Errors
    /// [`GraphError::InputShape`] if the image has another shape than the network's input.
    pub fn run_real(&self, image: &Tensor) -> Result<Tensor, GraphError> {
        self.check_shape(image.shape())?;
        let image = QuantizedTensor::quantize(image, self.input_type().quantization);
        Ok(self.run(&image)?.dequantize())
    }

    fn check_shape(&self, found: &Shape) -> Result<(), GraphError> {
        let expected = &self.input_type().shape;
        if found == expected {
            return Ok(());
        }
        Err(GraphError::InputShape {
            network: self.name.clone(),
            expected: expected.clone(),
            found: found.clone(),
        })
    }

    fn types(&self, ids: &[NodeId]) -> Vec<&TensorType> {
        ids.iter().map(|&id| &self.node(id).output).collect()
    }
}
