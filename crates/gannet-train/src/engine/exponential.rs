//! `eˣ` in lanes, of our own, so that no platform's mathematics library decides a bit.

use super::simd::Simd;

/// 1/k! from k = 7 down to 1.
const SERIES: [f32; 7] = [
    1.0 / 5040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
    1.0,
];

/// `x`, clamped to [−87, 88], as `n·ln 2 + r` with `|r| ≤ ln 2 / 2`: `[2ⁿ, r]`.
/// `ln 2` in two parts, the first short enough for `n·ln 2` to be exact.
#[inline(always)]
fn reduced<S: Simd>(simd: S, x: S::V) -> [S::V; 2] {
    // Adding and taking away 1.5·2²³ rounds to whole numbers.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;

    // In this order what is not a number stays so.
    let x = simd.max(simd.splat(-87.0), x);
    let x = simd.if_greater(x, simd.splat(88.0), simd.splat(88.0), x);
    let round = simd.splat(ROUND);
    let n = simd.sub(
        simd.fma(x, simd.splat(std::f32::consts::LOG2_E), round),
        round,
    );
    let r = simd.fma(n, simd.splat(-LN_2_HIGH), x);
    let r = simd.fma(n, simd.splat(-LN_2_LOW), r);
    [simd.power_of_two(n), r]
}

/// `(eʳ − 1) / r` by its series, whose rest is below 6·10⁻⁹ of `eʳ`.
#[inline(always)]
fn series<S: Simd>(simd: S, r: S::V) -> S::V {
    polynomial(simd, r, &SERIES)
}

/// `Σ cₖ xᵏ`; the coefficient of the highest power comes first.
#[inline(always)]
pub fn polynomial<S: Simd>(simd: S, x: S::V, coefficients: &[f32]) -> S::V {
    let mut sum = simd.splat(coefficients[0]);
    for &coefficient in &coefficients[1..] {
        sum = simd.fma(sum, x, simd.splat(coefficient));
    }
    sum
}

/// `eˣ` with a relative error below 1.5·10⁻⁷; `x` is clamped to [−87, 88], so that the
/// result is a normal number.
#[inline(always)]
pub fn exp<S: Simd>(simd: S, x: S::V) -> S::V {
    let [scale, r] = reduced(simd, x);
    simd.mul(simd.fma(series(simd, r), r, simd.splat(1.0)), scale)
}

/// `eˣ − 1` with a relative error below 3·10⁻⁷, however small `x` is; clamped as [`exp`].
/// Where `x` is small, `n` is zero and nothing cancels.
#[inline(always)]
pub fn exp_minus_one<S: Simd>(simd: S, x: S::V) -> S::V {
    let [scale, r] = reduced(simd, x);
    let power = simd.mul(series(simd, r), r);
    simd.fma(power, scale, simd.sub(scale, simd.splat(1.0)))
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

    struct ExpMinusOne(f32);

    impl Kernel for ExpMinusOne {
        type Output = f32;

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> f32 {
            let mut lanes = Lanes::ZERO;
            simd.store(exp_minus_one(simd, simd.splat(self.0)), &mut lanes);
            lanes.0[LANES - 1]
        }
    }

    #[test]
    fn near_zero_nothing_is_lost_by_taking_one_away() {
        let backend = Backend::detect();
        let sizes = (0..100_000).map(|i| 1e-7 * 1.000_2_f32.powi(i));
        for x in sizes.filter(|&x| x < 87.0).flat_map(|x| [x, -x]) {
            let exact = f64::from(x).exp_m1();
            let error = ((f64::from(backend.run(ExpMinusOne(x))) - exact) / exact).abs();
            assert!(error < 3e-7, "{x}: {error:e}");
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
}
