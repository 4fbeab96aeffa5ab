//! The same real numbers by another scale, zero point or element type.

use crate::{
    Arity, GraphError,
    quantized::{LayerKind, Multiplier, Quantization, QuantizedTensor, TensorType},
};

/// `rescale(x)`, value by value: the one layer that takes and gives pictures of `u8`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Requantize {
    /// What the output's integers stand for.
    pub output: Quantization,
}

impl Requantize {
    /// What an input of that quantization is multiplied by.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scales are too far apart.
    pub fn multiplier(&self, input: Quantization) -> Result<Multiplier, GraphError> {
        Multiplier::new(f64::from(input.scale()) / f64::from(self.output.scale()))
    }
}

impl LayerKind for Requantize {
    const KIND: &'static str = "Requantize";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, _name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        self.multiplier(inputs[0].quantization)?;
        Ok(TensorType::new(inputs[0].shape.clone(), self.output))
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let multiplier = self
            .multiplier(inputs[0].quantization())
            .expect("checked scales");
        QuantizedTensor::from_fn(output.clone(), |i| {
            multiplier
                .apply(inputs[0].centred(i))
                .saturating_add(self.output.zero_point())
        })
    }
}
