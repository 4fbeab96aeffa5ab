//! The softmax function, in integers.

use crate::{
    Arity, GraphError,
    quantized::{
        Element, LayerKind, Multiplier, Quantization, QuantizedTensor, TensorType,
        fixed_point::{
            exp_of_negative, reciprocal, rounding_divide_by_power, saturating_doubling_high_product,
        },
        interpolated::Interpolated,
        layer::one_quantization,
    },
};

/// `eˣ / Σ eˣ` over the innermost extent, with `x` multiplied by `beta`. The output is finest from
/// 0 to 1: of 8 bits its scale is 1/256, of 16 bits 1/32768.
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
    /// What its output's integers of that type stand for.
    pub fn output(element: Element) -> Quantization {
        super::sigmoid::Sigmoid::output(element)
    }

    /// `eˣ` for differences of inputs of 8 bits from the largest of them, from 0 down to −255, with 31
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

    /// `eˣ` of 16 bits, from −10 to 0.
    pub fn wide_powers() -> Interpolated {
        Interpolated::new(-10.0, 0.0, f64::exp)
    }

    /// `1 / (1 + x)` of 16 bits, from 0 to 1.
    pub fn wide_reciprocals() -> Interpolated {
        Interpolated::new(0.0, 1.0, |x| 1.0 / (1.0 + x))
    }

    /// What brings differences of inputs of 16 bits from the largest of them to steps of 10/65535.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the input's scale is too large.
    pub fn wide_differences(&self, input: Quantization) -> Result<Multiplier, GraphError> {
        // The product is one of `f32`, the quotient is not.
        Multiplier::new(f64::from(input.scale() * self.beta) / (10.0 / 65535.0))
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
        let input = one_quantization(name, Self::KIND, inputs)?;
        match input.element() {
            Element::I16 => self.wide_differences(input).map(drop)?,
            Element::I8 | Element::U8 => self.differences(input).map(drop)?,
        }
        let output = Softmax::output(input.element());
        Ok(TensorType::new(inputs[0].shape.clone(), output))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("beta", self.beta.to_string())]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let input = inputs[0].quantization();
        let rows = inputs[0].data().chunks(output.shape.channels());
        let data: Vec<i32> = if input.element() == Element::I16 {
            let multiplier = self.wide_differences(input).expect("checked scale");
            let tables = Tables::new();
            rows.flat_map(|row| tables.softmax(row, multiplier))
                .collect()
        } else {
            let powers = self.powers(input).expect("checked scale");
            rows.flat_map(|row| softmax(row, &powers)).collect()
        };
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

/// What the function of int16 is looked up in.
struct Tables {
    /// `eˣ` from −10 to 0.
    powers: Interpolated,
    /// `1 / (1 + x)` from 0 to 1.
    reciprocals: Interpolated,
}

impl Tables {
    fn new() -> Self {
        Tables {
            powers: Softmax::wide_powers(),
            reciprocals: Softmax::wide_reciprocals(),
        }
    }

    /// The function of one row of int16, whose differences `multiplier` brings to the table.
    fn softmax(&self, row: &[i32], multiplier: Multiplier) -> Vec<i32> {
        let largest = row.iter().copied().max().unwrap_or(0);
        let power = |value: &i32| {
            let steps = multiplier.apply(value - largest);
            self.powers.at(steps.saturating_add(32767))
        };
        let powers: Vec<i32> = row.iter().map(power).collect();
        // Of 15 bits behind the point; no less than 1, because the largest is among them.
        let sum = powers
            .iter()
            .fold(0_i32, |sum, &power| sum.wrapping_add(power));
        let headroom = (sum as u32).leading_zeros();
        // As 1 + x with 16 bits behind the point, x below 1.
        let mantissa = ((i64::from(sum) << headroom.saturating_sub(1)) + (1 << 13)) >> 14;
        let reciprocal = self
            .reciprocals
            .at((mantissa - (1 << 16) - (1 << 15)) as i32);
        let shift = 31_u32.saturating_sub(headroom).max(1);
        let share = |power: &i32| {
            let product = i64::from(*power) * i64::from(reciprocal);
            ((product + (1 << (shift - 1))) >> shift).clamp(0, 32767) as i32
        };
        powers.iter().map(share).collect()
    }
}
