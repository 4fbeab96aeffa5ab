//! Rectification that lets some of the negative values through.

use crate::{
    Arity, GraphError,
    quantized::{
        LayerKind, Multiplier, Quantization, QuantizedTensor, TensorType, layer::one_element,
    },
};

/// `x` where it is positive, `slope · x` elsewhere; both rescaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyRelu {
    /// What the output's integers stand for.
    pub output: Quantization,
    /// What negative values are multiplied by, at least 0.
    pub slope: f32,
}

impl LeakyRelu {
    /// What positive and negative inputs of that quantization are multiplied by: ratios that
    /// are rounded to `f32` as TFLite does.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scales are too far apart or the slope is negative.
    pub fn multipliers(&self, input: Quantization) -> Result<[Multiplier; 2], GraphError> {
        let output = self.output.scale();
        Ok([
            Multiplier::new(f64::from(input.scale() / output))?,
            Multiplier::new(f64::from(input.scale() * self.slope / output))?,
        ])
    }
}

impl LayerKind for LeakyRelu {
    const KIND: &'static str = "LeakyReLU";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        one_element(name, Self::KIND, inputs, self.output)?;
        self.multipliers(inputs[0].quantization)?;
        Ok(TensorType::new(inputs[0].shape.clone(), self.output))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("negative_slope", self.slope.to_string())]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let [positive, negative] = self
            .multipliers(inputs[0].quantization())
            .expect("checked scales");
        QuantizedTensor::from_fn(output.clone(), |i| {
            let value = inputs[0].centred(i);
            let multiplier = if value >= 0 { positive } else { negative };
            multiplier
                .apply(value)
                .saturating_add(self.output.zero_point())
        })
    }
}
