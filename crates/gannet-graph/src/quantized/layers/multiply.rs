//! The product of two tensors of one shape.

use crate::{
    Arity, GraphError,
    quantized::{
        Clamp, LayerKind, Multiplier, Quantization, QuantizedTensor, TensorType,
        layer::{one_element, one_shape},
    },
};

/// `clamp(rescale(a · b))`, value by value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Multiply {
    /// What the output's integers stand for.
    pub output: Quantization,
    /// The limits of the output.
    pub clamp: Clamp,
}

impl Multiply {
    /// What products of inputs of those quantizations are multiplied by: a ratio that is
    /// rounded to `f32` as TFLite does.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scales are too far apart.
    pub fn multiplier(&self, inputs: [Quantization; 2]) -> Result<Multiplier, GraphError> {
        let product = inputs[0].scale() * inputs[1].scale();
        Multiplier::new(f64::from(product / self.output.scale()))
    }
}

impl LayerKind for Multiply {
    const KIND: &'static str = "Multiply";
    const ARITY: Arity = Arity::Two;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        one_element(name, Self::KIND, inputs, self.output)?;
        self.multiplier([inputs[0].quantization, inputs[1].quantization])?;
        let shape = one_shape(name, Self::KIND, inputs)?;
        Ok(TensorType::new(shape, self.output))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("activation", self.clamp.to_string())]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let multiplier = self
            .multiplier([inputs[0].quantization(), inputs[1].quantization()])
            .expect("checked scales");
        let [low, high] = self.clamp.limits(self.output);
        QuantizedTensor::from_fn(output.clone(), |i| {
            let product = inputs[0].centred(i).wrapping_mul(inputs[1].centred(i));
            multiplier
                .apply(product)
                .saturating_add(self.output.zero_point())
                .clamp(low, high)
        })
    }
}
