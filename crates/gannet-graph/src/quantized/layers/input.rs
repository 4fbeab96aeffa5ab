//! Where the image comes in.

use crate::{
    Arity, GraphError,
    quantized::{LayerKind, QuantizedTensor, TensorType},
};

/// The first node of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    image: TensorType,
}

impl Input {
    /// The input of a network that takes images of that type.
    pub fn new(image: TensorType) -> Self {
        Input { image }
    }
}

impl LayerKind for Input {
    const KIND: &'static str = "InputLayer";
    const ARITY: Arity = Arity::None;

    fn output_type(&self, _name: &str, _inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        Ok(self.image.clone())
    }

    fn run(&self, _inputs: &[&QuantizedTensor], _output: &TensorType) -> QuantizedTensor {
        unreachable!("the image takes the place of the input")
    }
}
