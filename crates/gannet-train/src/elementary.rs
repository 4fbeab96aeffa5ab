//! `eˣ`, `ln x`, sine and cosine in double precision, of our own: sums and products alone, so
//! that no platform's mathematics library decides a bit.

use std::f64::consts::{FRAC_PI_2, LN_2, LOG2_E, PI, SQRT_2};

/// `eˣ` for `x` from −708 to 708 (smaller `x` give 0), to some units in the last place.
///
/// `x = n·ln 2 + r` with `|r| ≤ ln 2 / 2`; `ln 2` in two parts, the first with 32 bits; `eʳ` by
/// its series to the thirteenth power.
pub fn exp(x: f64) -> f64 {
    if x < -708.0 {
        return 0.0;
    }
    let n = (x * LOG2_E).round();
    let r = x - n * 0.693_147_180_369_123_8 - n * 1.908_214_929_270_587_7e-10;
    let series = (1..=13)
        .rev()
        .fold(1.0, |sum, i| 1.0 + sum * r / f64::from(i));
    series * f64::from_bits(((n as i64 + 1023) as u64) << 52)
}

/// `ln x` for a positive normal `x`, to some units in the last place.
///
/// `x = m·2ᵉ` with `m` in [√½, √2); `ln m = 2 (s + s³/3 + s⁵/5 + …)`, `s = (m − 1)/(m + 1)`,
/// whose rest after `s¹⁹` is below 10⁻¹⁷.
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i64 - 1023;
    let fraction = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    let (m, e) = if fraction > SQRT_2 {
        (fraction / 2.0, exponent + 1)
    } else {
        (fraction, exponent)
    };
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let series = (0..10)
        .rev()
        .fold(0.0, |sum, i| sum * square + 1.0 / f64::from(2 * i + 1));
    2.0 * s * series + e as f64 * LN_2
}

/// `sin x` for `|x| ≤ 10`, to some units of 10⁻¹⁶: brought to within a quarter turn of 0,
/// then by its series to the 21st power.
pub fn sin(x: f64) -> f64 {
    let half_turns = (x / PI).round();
    let r = x - half_turns * PI;
    let square = r * r;
    let series = (1..=10).rev().fold(1.0, |sum, i| {
        let i = f64::from(2 * i);
        1.0 - sum * square / (i * (i + 1.0))
    });
    let sign = if half_turns as i64 % 2 == 0 {
        1.0
    } else {
        -1.0
    };
    sign * r * series
}

/// `cos x` for `|x| ≤ 8`, as [`sin`].
pub fn cos(x: f64) -> f64 {
    sin(x + FRAC_PI_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_exact_to_some_units() {
        for i in -7000..7000 {
            let x = f64::from(i) * 0.1;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-14, "{x}");
        }
    }

    #[test]
    fn ln_is_exact_to_some_units() {
        for i in 1..200_000 {
            let x = f64::from(i) * 0.37e-3;
            assert!(
                (ln(x) - x.ln()).abs() <= 4e-16 * x.ln().abs().max(1.0),
                "{x}"
            );
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn sine_and_cosine_agree_with_the_platform() {
        for i in -800..=800 {
            let x = f64::from(i) * 0.01;
            assert!(
                (sin(x) - x.sin()).abs() < 2e-15 && (cos(x) - x.cos()).abs() < 2e-15,
                "{x}"
            );
        }
    }
}
