//! The hyperbolic tangent, in integers.

use crate::{
    Arity, GraphError,
    quantized::{
        Element, LayerKind, Multiplier, Quantization, QuantizedTensor, TensorType,
        fixed_point::{rounding_divide_by_power, tanh},
        layer::one_int8,
    },
};

/// `tanh x` of each value. The output's scale is 1/128 and its zero point 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tanh;

/// Bits before the point of the function's argument.
const INTEGER_BITS: u32 = 4;

impl Tanh {
    /// What its output's integers stand for.
    pub fn output() -> Quantization {
        Quantization::new(Element::I8, 1.0 / 128.0, 0).expect("a sound quantization")
    }

    /// The output for each value of the input's element type, the smallest first: the function
    /// as a table.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scale is too large.
    pub fn table(input: Quantization) -> Result<Vec<i32>, GraphError> {
        let multiplier = super::sigmoid::multiplier(input, INTEGER_BITS)?;
        let [low, high] = input.element().range();
        Ok((low..=high)
            .map(|value| apply(value - input.zero_point(), multiplier))
            .collect())
    }
}

fn apply(value: i32, multiplier: Multiplier) -> i32 {
    let radius = super::softmax::largest_argument(INTEGER_BITS, multiplier);
    let [low, high] = Element::I8.range();
    if i64::from(value) <= -radius {
        low
    } else if i64::from(value) >= radius {
        high
    } else {
        let tangent = tanh(multiplier.apply(value), INTEGER_BITS);
        rounding_divide_by_power(tangent, 24).clamp(low, high)
    }
}

impl LayerKind for Tanh {
    const KIND: &'static str = "Tanh";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let quantization = one_int8(name, Self::KIND, inputs)?;
        super::sigmoid::multiplier(quantization, INTEGER_BITS)?;
        Ok(TensorType::new(inputs[0].shape.clone(), Tanh::output()))
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let multiplier = super::sigmoid::multiplier(inputs[0].quantization(), INTEGER_BITS)
            .expect("checked scale");
        QuantizedTensor::from_fn(output.clone(), |i| apply(inputs[0].centred(i), multiplier))
    }
}
