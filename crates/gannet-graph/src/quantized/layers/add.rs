//! The sum of two tensors of one shape.

use crate::{
    Arity, GraphError,
    quantized::{
        Clamp, LayerKind, Quantization, QuantizedTensor, RescaledSum, SumSign, TensorType,
        layer::{one_element, one_shape},
    },
};

/// `clamp(rescale(a + b))`, value by value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Add {
    /// What the output's integers stand for.
    pub output: Quantization,
    /// The limits of the output.
    pub clamp: Clamp,
}

impl LayerKind for Add {
    const KIND: &'static str = "Add";
    const ARITY: Arity = Arity::Two;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        one_element(name, Self::KIND, inputs, self.output)?;
        let quantizations = [inputs[0].quantization, inputs[1].quantization];
        RescaledSum::new(quantizations, self.output, SumSign::Plus)?;
        let shape = one_shape(name, Self::KIND, inputs)?;
        Ok(TensorType::new(shape, self.output))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("activation", self.clamp.to_string())]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let quantizations = [inputs[0].quantization(), inputs[1].quantization()];
        let sum =
            RescaledSum::new(quantizations, self.output, SumSign::Plus).expect("checked scales");
        let [low, high] = self.clamp.limits(self.output);
        QuantizedTensor::from_fn(output.clone(), |i| {
            let value = sum.apply([inputs[0].centred(i), inputs[1].centred(i)]);
            (value + self.output.zero_point()).clamp(low, high)
        })
    }
}
