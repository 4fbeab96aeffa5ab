//! Where an image enters the network.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor};

/// The network's input: a shape and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    shape: Shape,
}

impl Input {
    /// An input of `shape`, without the batch.
    pub fn new(shape: impl Into<Shape>) -> Self {
        Input {
            shape: shape.into(),
        }
    }
}

impl LayerKind for Input {
    const KIND: &'static str = "InputLayer";
    const ARITY: Arity = Arity::None;

    fn output_shape(&self, _name: &str, _inputs: &[&Shape]) -> Result<Shape, GraphError> {
        Ok(self.shape.clone())
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("shape", self.shape.to_string())]
    }

    fn run(&self, _inputs: &[&Tensor], output: &Shape) -> Tensor {
        unreachable!("the graph puts the image {output} itself at its input")
    }
}
