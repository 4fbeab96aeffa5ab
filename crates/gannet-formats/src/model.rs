//! What a model file holds: a network that computes in real numbers, or one in integers.

use gannet_graph::{Graph, GraphError, QuantizedGraph, Shape, Tensor};

/// A network of either kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Model {
    /// It computes in `f32`.
    Float(Graph),
    /// It computes in integers.
    Quantized(QuantizedGraph),
}

impl Model {
    /// The network, borrowed.
    pub fn as_ref(&self) -> ModelRef<'_> {
        match self {
            Model::Float(graph) => ModelRef::Float(graph),
            Model::Quantized(graph) => ModelRef::Quantized(graph),
        }
    }
}

/// A borrowed network of either kind: what a model file is written from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ModelRef<'a> {
    /// It computes in `f32`.
    Float(&'a Graph),
    /// It computes in integers.
    Quantized(&'a QuantizedGraph),
}

impl ModelRef<'_> {
    /// The network's name.
    pub fn name(&self) -> &str {
        match self {
            ModelRef::Float(graph) => graph.name(),
            ModelRef::Quantized(graph) => graph.name(),
        }
    }

    /// The shape of the image that the network takes.
    pub fn input_shape(&self) -> &Shape {
        match self {
            ModelRef::Float(graph) => graph.input_shape(),
            ModelRef::Quantized(graph) => &graph.input_type().shape,
        }
    }

    /// How many layers the network has, its input among them.
    pub fn layers(&self) -> usize {
        match self {
            ModelRef::Float(graph) => graph.nodes().len(),
            ModelRef::Quantized(graph) => graph.nodes().len(),
        }
    }

    /// How many weights the network has.
    pub fn params(&self) -> usize {
        match self {
            ModelRef::Float(graph) => graph.params(),
            ModelRef::Quantized(graph) => graph.params(),
        }
    }

    /// The reference: what the network gives for `image`, in real numbers.
    ///
    /// # Errors
    /// [`GraphError::InputShape`] if the image has another shape than the network's input.
    pub fn run(&self, image: &Tensor) -> Result<Tensor, GraphError> {
        match self {
            ModelRef::Float(graph) => graph.run(image),
            ModelRef::Quantized(graph) => graph.run_real(image),
        }
    }
}

impl<'a> From<&'a Graph> for ModelRef<'a> {
    fn from(graph: &'a Graph) -> Self {
        ModelRef::Float(graph)
    }
}

impl<'a> From<&'a QuantizedGraph> for ModelRef<'a> {
    fn from(graph: &'a QuantizedGraph) -> Self {
        ModelRef::Quantized(graph)
    }
}

impl<'a> From<&'a Model> for ModelRef<'a> {
    fn from(model: &'a Model) -> Self {
        model.as_ref()
    }
}
