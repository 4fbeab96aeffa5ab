//! `x · min(max(x + 3, 0), 6) / 6`, in integers of 16 bits.

use crate::{
    Arity, GraphError,
    quantized::{
        LayerKind, Multiplier, Quantization, QuantizedTensor, TensorType,
        fixed_point::rounding_divide_by_power,
        layer::{one_element, one_int8},
    },
};

/// The function of each value, rescaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HardSwish {
    /// What the output's integers stand for.
    pub output: Quantization,
}

/// How many bits finer than the input's scale the function computes.
const FINER_BITS: u32 = 7;

/// Multipliers cut to 16 bits, each with a power of two: of the value itself, and of the part
/// of the function between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Multipliers {
    value: i16,
    value_shift: i32,
    part: i16,
    part_shift: i32,
}

impl HardSwish {
    fn multipliers(&self, input: Quantization) -> Result<Multipliers, GraphError> {
        let finer = input.scale() / 128.0;
        let value = Multiplier::new(f64::from(finer / self.output.scale()))?;
        let part = Multiplier::new(f64::from(finer / (3.0 / 32768.0)))?;
        if value.shift() > 0 || part.shift() > 16 {
            return Err(GraphError::Range {
                what: "the ratio of a hard swish's scales",
                found: (input.scale() / self.output.scale()).to_string(),
                expected: "below 128",
            });
        }
        Ok(Multipliers {
            value: halved(value),
            value_shift: value.shift(),
            part: halved(part),
            part_shift: part.shift(),
        })
    }
}

/// The upper 16 bits of a mantissa, rounded.
fn halved(multiplier: Multiplier) -> i16 {
    let mantissa = multiplier.mantissa();
    if mantissa >= i32::MAX - (1 << 15) {
        i16::MAX
    } else {
        ((mantissa + (1 << 15)) >> 16) as i16
    }
}

/// The high half of `2·a·b`, rounded to the nearest.
fn rounded_product(a: i32, b: i16) -> i32 {
    let product = a * i32::from(b);
    let nudge = if product >= 0 { 1 << 14 } else { 1 - (1 << 14) };
    ((product + nudge) / (1 << 15)).min(i16::MAX.into())
}

/// `x · 2^bits` within 16 bits.
fn shifted(x: i32, bits: i32) -> i32 {
    let shifted = i64::from(x) << bits;
    shifted.clamp(i16::MIN.into(), i16::MAX.into()) as i32
}

impl Multipliers {
    /// The function of a value less its zero point, at the output's scale.
    fn apply(self, value: i32) -> i32 {
        let finer = value << FINER_BITS;
        let scaled = rounded_product(finer, self.value);
        let mut part = finer;
        if self.part_shift > 0 {
            part = shifted(part, self.part_shift - 1);
        }
        part = rounded_product(part, self.part);
        if self.part_shift > 0 {
            part = shifted(part, 1);
        } else {
            part = rounding_divide_by_power(part, (-self.part_shift) as u32);
        }
        // From −1 .. 1 to 0 .. 1.
        let part = (part + (1 << 15)) >> 1;
        // Not rounded: the quotient goes towards zero.
        let product = (part * scaled) / (1 << 15);
        rounding_divide_by_power(product, (-self.value_shift) as u32)
    }
}

impl LayerKind for HardSwish {
    const KIND: &'static str = "HardSwish";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let input = one_int8(name, Self::KIND, inputs)?;
        one_element(name, Self::KIND, inputs, self.output)?;
        self.multipliers(input)?;
        Ok(TensorType::new(inputs[0].shape.clone(), self.output))
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let multipliers = self
            .multipliers(inputs[0].quantization())
            .expect("checked scales");
        QuantizedTensor::from_fn(output.clone(), |i| {
            multipliers.apply(inputs[0].centred(i)) + self.output.zero_point()
        })
    }
}
