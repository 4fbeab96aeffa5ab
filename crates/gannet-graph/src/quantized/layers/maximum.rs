//! The larger of two tensors, value by value.

use crate::{
    Arity, GraphError,
    quantized::{
        LayerKind, QuantizedTensor, TensorType,
        layer::{one_quantization, one_shape},
    },
};

/// Element-wise maximum of inputs of one quantization, which the output has too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maximum;

impl LayerKind for Maximum {
    const KIND: &'static str = "Maximum";
    const ARITY: Arity = Arity::Two;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let quantization = one_quantization(name, Self::KIND, inputs)?;
        let shape = one_shape(name, Self::KIND, inputs)?;
        Ok(TensorType::new(shape, quantization))
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let [a, b] = [inputs[0].data(), inputs[1].data()];
        QuantizedTensor::from_fn(output.clone(), |i| a[i].max(b[i]))
    }
}
