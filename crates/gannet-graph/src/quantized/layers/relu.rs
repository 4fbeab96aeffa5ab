//! Limits that are a layer of their own, with a scale of their own.

use crate::{
    Arity, GraphError,
    quantized::{
        Clamp, LayerKind, Multiplier, Quantization, QuantizedTensor, TensorType, layer::one_element,
    },
};

/// `clamp(rescale(x))`, value by value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relu {
    /// What the output's integers stand for.
    pub output: Quantization,
    /// The limits of the output.
    pub clamp: Clamp,
}

impl Relu {
    /// What an input of that quantization is multiplied by: the ratio of the scales, rounded
    /// to `f32` as TFLite does.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scales are too far apart.
    pub fn multiplier(&self, input: Quantization) -> Result<Multiplier, GraphError> {
        Multiplier::new(f64::from(input.scale() / self.output.scale()))
    }
}

impl LayerKind for Relu {
    const KIND: &'static str = "ReLU";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        one_element(name, Self::KIND, inputs, self.output)?;
        self.multiplier(inputs[0].quantization)?;
        Ok(TensorType::new(inputs[0].shape.clone(), self.output))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("activation", self.clamp.to_string())]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let multiplier = self
            .multiplier(inputs[0].quantization())
            .expect("checked scales");
        let [low, high] = self.clamp.limits(self.output);
        QuantizedTensor::from_fn(output.clone(), |i| {
            multiplier
                .apply(inputs[0].centred(i))
                .saturating_add(self.output.zero_point())
                .clamp(low, high)
        })
    }
}
