//! The softmax function, in integers.

use crate::{
    Arity, GraphError,
    quantized::{
        Element, LayerKind, Multiplier, Quantization, QuantizedTensor, TensorType,
        fixed_point::{
            exp_of_negative, reciprocal, rounding_divide_by_power, saturating_doubling_high_product,
        },
        layer::one_int8,
    },
};

/// `eˣ / Σ eˣ` over the innermost extent, with `x` multiplied by `beta`. The output's scale is
/// 1/256 and its zero point −128.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Softmax {
    /// What the argument is multiplied by; 1 in all but a few networks.
    pub beta: f32,
}

/// Bits before the point of the differences from the largest value.
const INTEGER_BITS: u32 = 5;
/// Bits before the point of the sum of exponentials.
const SUM_INTEGER_BITS: u32 = 12;

impl Softmax {
    /// What its output's integers stand for.
    pub fn output() -> Quantization {
        Quantization::new(Element::I8, 1.0 / 256.0, -128).expect("a sound quantization")
    }

    /// `eˣ` for differences of inputs from the largest of them, from 0 down to −255, with 31
    /// bits behind the point; 0 where it is too small to count.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the input's scale is too small.
    pub fn powers(&self, input: Quantization) -> Result<Vec<i32>, GraphError> {
        let (multiplier, smallest) = self.differences(input)?;
        let power = |difference: i32| match difference < smallest {
            true => 0,
            false => exp_of_negative(multiplier.apply(difference), INTEGER_BITS),
        };
        Ok((0..=255).map(|down: i32| power(-down)).collect())
    }

    /// What brings differences of inputs to numbers with five bits before the point, and the
    /// smallest difference whose exponential counts.
    fn differences(&self, input: Quantization) -> Result<(Multiplier, i32), GraphError> {
        let real =
            f64::from(self.beta) * f64::from(input.scale()) * f64::from(1 << (31 - INTEGER_BITS));
        let real = real.min(2f64.powi(30) - 1.0);
        if real.is_nan() || real <= 1.0 {
            return Err(GraphError::Range {
                what: "the scale of softmax' input",
                found: input.scale().to_string(),
                expected: "above 2^-26",
            });
        }
        let multiplier = Multiplier::new(real)?;
        let smallest = -largest_argument(INTEGER_BITS, multiplier);
        Ok((multiplier, smallest.max(i32::MIN.into()) as i32))
    }
}

/// The largest argument that stays within `integer_bits` before the point once it is
/// multiplied: TFLite's `CalculateInputRadius`.
pub(super) fn largest_argument(integer_bits: u32, multiplier: Multiplier) -> i64 {
    let largest = f64::from((1 << integer_bits) - 1) * 2f64.powi(31 - integer_bits as i32);
    (largest / 2f64.powi(multiplier.shift())).floor() as i64
}

impl LayerKind for Softmax {
    const KIND: &'static str = "Softmax";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let quantization = one_int8(name, Self::KIND, inputs)?;
        self.differences(quantization)?;
        Ok(TensorType::new(inputs[0].shape.clone(), Softmax::output()))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("beta", self.beta.to_string())]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let powers = self.powers(inputs[0].quantization());
        let powers = powers.expect("checked scale");
        let rows = inputs[0].data().chunks(output.shape.channels());
        let data: Vec<i32> = rows.flat_map(|row| softmax(row, &powers)).collect();
        QuantizedTensor::from_fn(output.clone(), |i| data[i])
    }
}

/// The function of one row of int8, given the [`Softmax::powers`].
fn softmax(row: &[i32], powers: &[i32]) -> Vec<i32> {
    let [low, high] = Element::I8.range();
    let largest = row.iter().copied().max().unwrap_or(low);
    let powers = row.iter().map(|value| powers[(largest - value) as usize]);
    let sum = powers.clone().fold(0_i32, |sum, power| {
        sum.wrapping_add(rounding_divide_by_power(power, SUM_INTEGER_BITS))
    });
    let (scale, bits) = reciprocal(sum, SUM_INTEGER_BITS as i32);
    let exponent = (bits + 31 - 8).clamp(0, 31) as u32;
    let share = |power| {
        let share = saturating_doubling_high_product(scale, power);
        (rounding_divide_by_power(share, exponent) + low).clamp(low, high)
    };
    powers.map(share).collect()
}
