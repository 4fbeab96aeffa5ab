//! Multiplication of an integer by a positive real number, in integers: how TFLite brings
//! sums of one scale to another.
//!
//! Source: the TFLite quantization specification, and gemmlowp's fixed-point rounding.

use crate::{
    GraphError,
    quantized::fixed_point::{rounding_divide_by_power, saturating_doubling_high_product},
};

/// A real number as `mantissa · 2^(shift − 31)`, the mantissa from 0 to `2³¹ − 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Multiplier {
    mantissa: i32,
    shift: i32,
}

impl Multiplier {
    /// The mantissa nearest to `real`. Numbers below about 2⁻³² become 0.
    ///
    /// # Errors
    /// [`GraphError::Range`] if `real` is not in `0 .. 2³⁰`.
    pub fn new(real: f64) -> Result<Self, GraphError> {
        if !(0.0..1_073_741_824.0).contains(&real) {
            return Err(GraphError::Range {
                what: "the ratio of a layer's scales",
                found: real.to_string(),
                expected: "at least 0 and below 2^30",
            });
        }
        if real == 0.0 {
            return Ok(Multiplier {
                mantissa: 0,
                shift: 0,
            });
        }
        let (fraction, mut shift) = fraction_and_exponent(real);
        let mut mantissa = (fraction * 2f64.powi(31)).round() as i64;
        if mantissa == 1 << 31 {
            mantissa /= 2;
            shift += 1;
        }
        if shift < -31 {
            (mantissa, shift) = (0, 0);
        }
        Ok(Multiplier {
            mantissa: i32::try_from(mantissa).expect("below 2³¹"),
            shift,
        })
    }

    /// The mantissa, with 31 bits behind the point.
    pub fn mantissa(&self) -> i32 {
        self.mantissa
    }

    /// The power of two; negative to the right.
    pub fn shift(&self) -> i32 {
        self.shift
    }

    /// The number divided by `divisor`, which is above 0. The mantissa is moved to the left by
    /// the bits of the divisor first, and the quotient goes towards zero.
    pub(super) fn divided(self, divisor: u64) -> Self {
        let bits = (63 - divisor.leading_zeros() as i32)
            .min(32)
            .min(31 + self.shift);
        Multiplier {
            mantissa: ((i64::from(self.mantissa) << bits) / divisor as i64) as i32,
            shift: self.shift - bits,
        }
    }

    /// `x` times the number: a doubling high product, rounded, then a division by a power of
    /// two, rounded again. What leaves 32 bits before that wraps around.
    pub fn apply(&self, x: i32) -> i32 {
        let shifted = x.wrapping_shl(self.shift.max(0) as u32);
        rounding_divide_by_power(
            saturating_doubling_high_product(shifted, self.mantissa),
            (-self.shift).max(0) as u32,
        )
    }

    /// `x` times the number, rounded once, halves up: what LiteRT's fully connected layers do.
    /// Sums of 64 bits, behind an input of int16, are brought to the output so too.
    pub fn apply_once(&self, x: i64) -> i32 {
        let shift = 31 - self.shift;
        let product = i128::from(x) * i128::from(self.mantissa);
        ((product + (1 << (shift - 1))) >> shift) as i32
    }

    /// `x` times the number for sums of more than 32 bits: the mantissa is cut to 15 bits and
    /// there is one rounding, halves up.
    pub fn apply_wide(&self, x: i64) -> i32 {
        let mantissa = if self.mantissa < 0x7FFF_0000 {
            (self.mantissa + (1 << 15)) >> 16
        } else {
            0x7FFF
        };
        let shift = 15 - self.shift;
        let product = x.wrapping_mul(i64::from(mantissa));
        if shift <= 0 {
            return product.wrapping_shl(-shift as u32) as i32;
        }
        (product.wrapping_add(1 << (shift - 1)) >> shift) as i32
    }
}

/// `real = fraction · 2^exponent` with the fraction in `0.5 .. 1`, for a normal `real > 0`.
fn fraction_and_exponent(real: f64) -> (f64, i32) {
    const EXPONENT: u64 = 0x7FF << 52;
    let bits = real.to_bits();
    let exponent = ((bits & EXPONENT) >> 52) as i32 - 1022;
    (f64::from_bits((bits & !EXPONENT) | (1022 << 52)), exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.75 = 0.75 · 2⁰; 3 = 0.75 · 2²; 0.1 = 0.8 · 2⁻³.
    #[test]
    fn multipliers_by_hand() {
        for (real, mantissa, shift) in [
            (0.75, 1_610_612_736, 0),
            (3.0, 1_610_612_736, 2),
            (0.1, 1_717_986_918, -3),
            (0.0, 0, 0),
            (1e-12, 0, 0),
            // Rounds up to a whole: 2³¹ becomes 2³⁰ and one more shift.
            (1.0 - 1e-12, 1 << 30, 1),
        ] {
            let multiplier = Multiplier::new(real).unwrap();
            assert_eq!((multiplier.mantissa, multiplier.shift), (mantissa, shift));
        }
        assert!(Multiplier::new(2e9).is_err() && Multiplier::new(f64::NAN).is_err());
    }

    /// Two roundings: 5 · 0.125 is 5 · 0.5 = 2.5, up to 3, then 3 / 4 = 0.75, up to 1;
    /// halves of the division go away from zero.
    #[test]
    fn products_are_rounded_twice() {
        let eighth = Multiplier::new(0.125).unwrap();
        for (x, product) in [
            (3, 1),
            (5, 1),
            (4, 1),
            (-4, -1),
            (-3, 0),
            (12, 2),
            (-12, -2),
        ] {
            assert_eq!(eighth.apply(x), product, "{x}");
        }
        let three = Multiplier::new(3.0).unwrap();
        assert_eq!(three.apply(7), 21);
        assert_eq!(three.apply_wide(7), 21);
        assert_eq!(three.apply_once(7), 21);
        // −0.5, halves up.
        assert_eq!(eighth.apply_wide(-4), 0);
        assert_eq!(eighth.apply_once(-4), 0);
        // 2.499… by one rounding, where two make 3 of it.
        let fraction = Multiplier::new(0.125 - 1e-9).unwrap();
        assert_eq!((fraction.apply_once(20), fraction.apply(20)), (2, 3));
    }
}
