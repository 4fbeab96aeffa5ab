//! `eˣ` and `ln x` of our own, so that no platform's mathematics library decides a bit.

use super::simd::Simd;

/// `eˣ` with a relative error below 1.5·10⁻⁷; `x` is clamped to [−87, 88], so that the
/// result is a normal number.
///
/// `x = n·ln 2 + r` with `|r| ≤ ln 2 / 2`; `ln 2` in two parts, the first short enough for
/// `n·ln 2` to be exact; `eʳ` by its series to the seventh power, whose rest is below 6·10⁻⁹.
#[inline(always)]
pub fn exp<S: Simd>(simd: S, x: S::V) -> S::V {
    // Adding and taking away 1.5·2²³ rounds to whole numbers.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    const SERIES: [f32; 7] = [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        1.0 / 2.0,
        1.0,
        1.0,
    ];

    let x = simd.max(x, simd.splat(-87.0));
    let x = simd.if_greater(x, simd.splat(88.0), simd.splat(88.0), x);
    let round = simd.splat(ROUND);
    let n = simd.sub(
        simd.fma(x, simd.splat(std::f32::consts::LOG2_E), round),
        round,
    );
    let r = simd.fma(n, simd.splat(-LN_2_HIGH), x);
    let r = simd.fma(n, simd.splat(-LN_2_LOW), r);
    let mut power = simd.splat(1.0 / 5040.0);
    for coefficient in SERIES {
        power = simd.fma(power, r, simd.splat(coefficient));
    }
    simd.mul(power, simd.power_of_two(n))
}

/// `eˣ` in double precision for `x` from −708 to 708 (smaller `x` give 0), to some units in
/// the last place: as [`exp`], with the series to the thirteenth power.
pub fn exp_f64(x: f64) -> f64 {
    if x < -708.0 {
        return 0.0;
    }
    let n = (x * std::f64::consts::LOG2_E).round();
    // ln 2 in two parts, the first with 32 bits.
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
    let (m, e) = if fraction > std::f64::consts::SQRT_2 {
        (fraction / 2.0, exponent + 1)
    } else {
        (fraction, exponent)
    };
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let series = (0..10)
        .rev()
        .fold(0.0, |sum, i| sum * square + 1.0 / f64::from(2 * i + 1));
    2.0 * s * series + e as f64 * std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::backend::Backend;
    use crate::engine::simd::{Kernel, LANES, Lanes};

    struct Exp(f32);

    impl Kernel for Exp {
        type Output = f32;

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> f32 {
            let mut lanes = Lanes::ZERO;
            simd.store(exp(simd, simd.splat(self.0)), &mut lanes);
            lanes.0[LANES - 1]
        }
    }

    #[test]
    fn exp_keeps_its_bound() {
        let backend = Backend::detect();
        for i in 0..175_000 {
            let x = -87.0 + i as f32 * 0.001;
            let exact = f64::from(x).exp();
            let error = (f64::from(backend.run(Exp(x))) - exact).abs() / exact;
            assert!(error < 1.5e-7, "{x}: {error:e}");
        }
        assert_eq!(backend.run(Exp(0.0)), 1.0);
        assert_eq!(backend.run(Exp(-1e9)), backend.run(Exp(-87.0)));
    }

    #[test]
    fn exp_f64_is_exact_to_some_units() {
        for i in -7000..7000 {
            let x = f64::from(i) * 0.1;
            assert!((exp_f64(x) / x.exp() - 1.0).abs() < 1e-14, "{x}");
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
}
