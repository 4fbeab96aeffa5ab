//! The logistic function, in integers.

use crate::{
    Arity, GraphError,
    quantized::{
        Element, LayerKind, Multiplier, Quantization, QuantizedTensor, TensorType,
        fixed_point::{logistic, rounding_divide_by_power},
        layer::one_quantization,
        logistic_table::LogisticArgument,
    },
};

/// `1 / (1 + e⁻ˣ)` of each value. The output is finest from 0 to 1: of 8 bits its scale is
/// 1/256, of 16 bits 1/32768.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sigmoid;

/// Bits before the point of the argument of 8 bits.
const INTEGER_BITS: u32 = 4;

impl Sigmoid {
    /// What its output's integers of that type stand for.
    pub fn output(element: Element) -> Quantization {
        let (scale, zero_point) = match element {
            Element::I8 => (1.0 / 256.0, -128),
            Element::U8 => (1.0 / 256.0, 0),
            Element::I16 => (1.0 / 32768.0, 0),
        };
        Quantization::new(element, scale, zero_point).expect("a sound quantization")
    }

    /// The output for each value of the input's element type, the smallest first: the function
    /// as a table.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scale is too large.
    pub fn table(input: Quantization) -> Result<Vec<i32>, GraphError> {
        let function = function(input)?;
        let [low, high] = input.element().range();
        Ok((low..=high)
            .map(|value| function(value - input.zero_point()))
            .collect())
    }
}

/// The function of inputs of that quantization, less their zero point.
fn function(input: Quantization) -> Result<Box<dyn Fn(i32) -> i32>, GraphError> {
    if input.element() == Element::I16 {
        let argument = LogisticArgument::of_logistic(input)?;
        return Ok(Box::new(move |value| argument.logistic(value)));
    }
    let multiplier = multiplier(input, INTEGER_BITS)?;
    Ok(Box::new(move |value| of_eight_bits(value, multiplier)))
}

/// What brings an input to a number with `integer_bits` before the point.
pub(super) fn multiplier(input: Quantization, integer_bits: u32) -> Result<Multiplier, GraphError> {
    Multiplier::new(f64::from(input.scale()) * f64::from(1 << (31 - integer_bits)))
}

fn of_eight_bits(value: i32, multiplier: Multiplier) -> i32 {
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
        let input = one_quantization(name, Self::KIND, inputs)?;
        function(input).map(drop)?;
        let output = Sigmoid::output(input.element());
        Ok(TensorType::new(inputs[0].shape.clone(), output))
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let function = function(inputs[0].quantization()).expect("checked scale");
        QuantizedTensor::from_fn(output.clone(), |i| function(inputs[0].centred(i)))
    }
}
