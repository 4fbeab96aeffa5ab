//! A network: layers in an order in which each follows its inputs.

use std::collections::HashSet;

use crate::{Arity, GraphError, Input, Layer, Shape, Tensor};

/// Names a node of one graph: its place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(usize);

impl NodeId {
    pub(crate) fn at(place: usize) -> Self {
        NodeId(place)
    }

    /// The node's place in [`Graph::nodes`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// A layer in its place: its name, what it is wired to, and the shape that it gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    name: String,
    layer: Layer,
    inputs: Vec<NodeId>,
    output_shape: Shape,
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

    /// The shape of what it gives.
    pub fn output_shape(&self) -> &Shape {
        &self.output_shape
    }
}

/// A network with one input and one output: the last node. Shapes and wiring are checked as
/// layers are added, so a graph that exists is sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    name: String,
    nodes: Vec<Node>,
}

impl Graph {
    /// A network `name` of nothing but an input of `shape`, named `input`.
    ///
    /// # Errors
    /// [`GraphError::Size`] if the shape is empty or boundless.
    pub fn new(name: impl Into<String>, shape: impl Into<Shape>) -> Result<Self, GraphError> {
        Graph::with_input(name, "input", shape)
    }

    /// As [`Graph::new`], with a name for the input.
    ///
    /// # Errors
    /// [`GraphError::Size`] if the shape is empty or boundless.
    pub fn with_input(
        name: impl Into<String>,
        input: impl Into<String>,
        shape: impl Into<Shape>,
    ) -> Result<Self, GraphError> {
        let mut graph = Graph {
            name: name.into(),
            nodes: Vec::new(),
        };
        graph.add(input, Input::new(shape), &[])?;
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
        let output_shape = layer.output_shape(&name, &self.shapes(inputs))?;
        if !output_shape.is_bounded() {
            return Err(GraphError::Size {
                layer: name,
                kind: layer.kind(),
                found: output_shape,
            });
        }
        self.nodes.push(Node {
            name,
            layer,
            inputs: inputs.to_vec(),
            output_shape,
        });
        Ok(self.output())
    }

    /// The network's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same network under another name.
    pub fn renamed(self, name: impl Into<String>) -> Self {
        Graph {
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
        &self.nodes[id.0]
    }

    /// The ids of all nodes, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// The id of the node named `name`.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.nodes
            .iter()
            .position(|node| node.name == name)
            .map(NodeId)
    }

    /// The last node.
    pub fn output(&self) -> NodeId {
        NodeId(self.nodes.len() - 1)
    }

    /// The shape of the image that the network takes.
    pub fn input_shape(&self) -> &Shape {
        &self.nodes[0].output_shape
    }

    /// The shape of what the network gives.
    pub fn output_shape(&self) -> &Shape {
        &self.node(self.output()).output_shape
    }

    /// How many weights the network has.
    pub fn params(&self) -> usize {
        self.nodes.iter().map(|node| node.layer.params()).sum()
    }

    /// Multiply-accumulates of one node.
    pub fn node_macs(&self, id: NodeId) -> u64 {
        let node = self.node(id);
        node.layer
            .macs(&self.shapes(&node.inputs), &node.output_shape)
    }

    /// Multiply-accumulates of one inference.
    pub fn macs(&self) -> u64 {
        self.ids().map(|id| self.node_macs(id)).sum()
    }

    /// Every weight tensor's values, node by node in Keras' order.
    pub fn weights(&self) -> impl Iterator<Item = &[f32]> {
        self.nodes
            .iter()
            .flat_map(|node| node.layer.weights())
            .map(|weight| weight.tensor.data())
    }

    /// As [`Graph::weights`], to be changed in place.
    pub fn weights_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.nodes
            .iter_mut()
            .flat_map(|node| node.layer.weights_mut())
    }

    /// The weights of one node, to be changed in place, in Keras' order.
    pub fn node_weights_mut(&mut self, id: NodeId) -> Vec<&mut [f32]> {
        self.nodes[id.0].layer.weights_mut()
    }

    /// Which nodes read the output of `id`.
    pub fn readers(&self, id: NodeId) -> Vec<NodeId> {
        self.ids()
            .filter(|&reader| self.node(reader).inputs.contains(&id))
            .collect()
    }

    /// The reference: what the network gives for `image`.
    ///
    /// # Errors
    /// [`GraphError::InputShape`] if the image has another shape than the network's input.
    pub fn run(&self, image: &Tensor) -> Result<Tensor, GraphError> {
        Ok(self.run_all(image)?.pop().expect("a graph has an input"))
    }

    /// The reference: what every node gives for `image`, in order.
    ///
    /// # Errors
    /// [`GraphError::InputShape`] if the image has another shape than the network's input.
    pub fn run_all(&self, image: &Tensor) -> Result<Vec<Tensor>, GraphError> {
        if image.shape() != self.input_shape() {
            return Err(GraphError::InputShape {
                network: self.name.clone(),
                expected: self.input_shape().clone(),
                found: image.shape().clone(),
            });
        }
        let mut activations = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let activation = match node.layer.arity() {
                Arity::None => image.clone(),
                _ => {
                    let inputs: Vec<&Tensor> =
                        node.inputs.iter().map(|id| &activations[id.0]).collect();
                    node.layer.run(&inputs, &node.output_shape)
                }
            };
            activations.push(activation);
        }
        Ok(activations)
    }

    /// A name that no node has yet: `base`, or `base_1`, `base_2`, … as Keras counts.
    pub fn free_name(&self, base: &str) -> String {
        let taken: HashSet<&str> = self.nodes.iter().map(Node::name).collect();
        crate::free_name(base, |name| taken.contains(name))
    }

    fn shapes(&self, ids: &[NodeId]) -> Vec<&Shape> {
        ids.iter()
            .map(|id| &self.nodes[id.0].output_shape)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dense, Flatten};

    #[test]
    fn names_are_unique_and_free_names_count_like_keras() {
        let mut graph = Graph::new("net", [2, 2, 1]).unwrap();
        graph.push("flatten", Flatten).unwrap();
        assert_eq!(
            graph.push("flatten", Flatten),
            Err(GraphError::DuplicateName("flatten".to_owned()))
        );
        assert_eq!(graph.free_name("flatten"), "flatten_1");
        assert_eq!(graph.free_name("dense"), "dense");
    }

    #[test]
    fn an_image_of_another_shape_is_refused() {
        let mut graph = Graph::new("net", [4]).unwrap();
        graph.push("dense", Dense::zeros(4, 2)).unwrap();
        let error = graph.run(&Tensor::zeros([5])).unwrap_err();
        assert_eq!(error.to_string(), "network 'net' takes 4, but was given 5");
    }

    /// Behind such a layer nothing could be computed, and sizes would leave their types.
    #[test]
    fn empty_and_boundless_tensors_are_refused() {
        assert!(Graph::new("net", [0, 4, 1]).is_err());
        assert!(Graph::new("net", [65_536, 65_536, 65_536]).is_err());
        assert!(Graph::new("net", Shape::from(Vec::new())).is_err());
        let mut graph = Graph::new("net", [4]).unwrap();
        let error = graph.push("dense", Dense::zeros(4, 0)).unwrap_err();
        assert!(error.to_string().contains("'dense'"), "{error}");
    }
}
