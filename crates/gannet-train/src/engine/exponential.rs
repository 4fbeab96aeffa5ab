//! `eˣ` in lanes, of our own, so that no platform's mathematics library decides a bit.

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
    let mut power = simd.splat(1.0 / 5040.0);
    for coefficient in SERIES {
        power = simd.fma(power, r, simd.splat(coefficient));
    }
    simd.mul(power, simd.power_of_two(n))
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
}
