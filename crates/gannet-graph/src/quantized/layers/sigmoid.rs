//! The logistic function, in integers.

use crate::{
    Arity, GraphError,
    quantized::{
        Element, LayerKind, Multiplier, Quantization, QuantizedTensor, TensorType,
        fixed_point::{logistic, rounding_divide_by_power},
        layer::one_int8,
    },
};

/// `1 / (1 + e⁻ˣ)` of each value. The output's scale is 1/256 and its zero point −128.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sigmoid;

/// Bits before the point of the function's argument.
const INTEGER_BITS: u32 = 4;

impl Sigmoid {
    /// What its output's integers stand for.
    pub fn output() -> Quantization {
        Quantization::new(Element::I8, 1.0 / 256.0, -128).expect("a sound quantization")
    }

    /// The output for each value of the input's element type, the smallest first: the function
    /// as a table.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scale is too large.
    pub fn table(input: Quantization) -> Result<Vec<i32>, GraphError> {
        let multiplier = multiplier(input, INTEGER_BITS)?;
        let [low, high] = input.element().range();
        Ok((low..=high)
            .map(|value| apply(value - input.zero_point(), multiplier))
            .collect())
    }
}

/// What brings an input to a number with `integer_bits` before the point.
pub(super) fn multiplier(input: Quantization, integer_bits: u32) -> Result<Multiplier, GraphError> {
    Multiplier::new(f64::from(input.scale()) * f64::from(1 << (31 - integer_bits)))
}

fn apply(value: i32, multiplier: Multiplier) -> i32 {
    let radius = super::softmax::largest_argument(INTEGER_BITS, multiplier);
    let [low, high] = Element::I8.range();
    if i64::from(value) <= -radius {
        low
    } else if i64::from(value) >= radius {
        high
    } else {
        let probability = logistic(multiplier.apply(value), INTEGER_BITS);
        (rounding_divide_by_power(probability, 23) + low).clamp(low, high)
    }
}

impl LayerKind for Sigmoid {
    const KIND: &'static str = "Sigmoid";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let quantization = one_int8(name, Self::KIND, inputs)?;
        multiplier(quantization, INTEGER_BITS)?;
        Ok(TensorType::new(inputs[0].shape.clone(), Sigmoid::output()))
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let multiplier = multiplier(inputs[0].quantization(), INTEGER_BITS).expect("checked scale");
        QuantizedTensor::from_fn(output.clone(), |i| apply(inputs[0].centred(i), multiplier))
    }
}
