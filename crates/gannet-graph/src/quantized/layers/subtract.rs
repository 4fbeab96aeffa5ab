//! The difference of two tensors of one shape.

use crate::{
    Arity, GraphError,
    quantized::{Clamp, LayerKind, Quantization, QuantizedTensor, SumSign, TensorType},
};

/// `clamp(rescale(a − b))`, value by value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Subtract {
    /// What the output's integers stand for.
    pub output: Quantization,
    /// The limits of the output.
    pub clamp: Clamp,
}

impl LayerKind for Subtract {
    const KIND: &'static str = "Subtract";
    const ARITY: Arity = Arity::Two;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        SumSign::Minus.output_type((name, Self::KIND), inputs, self.output)
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("activation", self.clamp.to_string())]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        SumSign::Minus.run(inputs, output, self.clamp)
    }
}
