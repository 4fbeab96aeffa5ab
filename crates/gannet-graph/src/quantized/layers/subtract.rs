//! The difference of two tensors of one shape.

use crate::{
    Arity, GraphError,
    quantized::{
        Clamp, LayerKind, Quantization, QuantizedTensor, RescaledSum, SumSign, TensorType,
        layer::{one_element, one_shape},
    },
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
        one_element(name, Self::KIND, inputs, self.output)?;
        let quantizations = [inputs[0].quantization, inputs[1].quantization];
        RescaledSum::new(quantizations, self.output, SumSign::Minus)?;
        let shape = one_shape(name, Self::KIND, inputs)?;
        Ok(TensorType::new(shape, self.output))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("activation", self.clamp.to_string())]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let quantizations = [inputs[0].quantization(), inputs[1].quantization()];
        let difference =
            RescaledSum::new(quantizations, self.output, SumSign::Minus).expect("checked scales");
        let [low, high] = self.clamp.limits(self.output);
        QuantizedTensor::from_fn(output.clone(), |i| {
            let value = difference.apply([inputs[0].centred(i), inputs[1].centred(i)]);
            (value + self.output.zero_point()).clamp(low, high)
        })
    }
}
