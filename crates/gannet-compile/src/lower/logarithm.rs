//! Logarithms in the Loop IR, by `ln((1 + s)/(1 − s)) = 2 (s + s³/3 + s⁵/5 + …)`.

use super::polynomial::{Computed, polynomial};
use crate::ir::{Binary, Expression, ProgramBuilder, ScalarType, Statement, Unary};

/// 1/(2k + 1) for k = 7 down to 0. With |s| ≤ 1/3 the rest is below s¹⁶/17 < 2·10⁻⁹ of the sum.
const SERIES: [f32; 8] = [
    1.0 / 15.0,
    1.0 / 13.0,
    1.0 / 11.0,
    1.0 / 9.0,
    1.0 / 7.0,
    1.0 / 5.0,
    1.0 / 3.0,
    1.0,
];
/// As in `exponential`: adding it leaves the nearest integer in the low bits.
const ROUND: f32 = 12_582_912.0;

/// `ln x` for a positive normal `x`, within 3·10⁻⁷ of its size or, near 1, of that of `x − 1`.
///
/// `x = m·2ⁿ`, where `n` is the nearest integer to the number that the bits above those of 1
/// are as a fixed-point number: it lies between `log₂ x` and 0.09 above, and `m` between 0.75
/// and 1.5.
pub(super) fn logarithm(builder: &mut ProgramBuilder, x: Expression) -> Computed {
    let bits = builder.scalar("log_bits", ScalarType::I32);
    let [n, m] = ["n", "m"].map(|name| builder.scalar(&format!("log_{name}"), ScalarType::F32));
    let value = Expression::from;
    let above_one = value(bits) - 1.0_f32.to_bits() as i32;
    let shifted = above_one.unary(Unary::ToF32) * (1.0 / (1 << 23) as f32) + ROUND;
    let whole_bits = value(n).unary(Unary::Bits) - ROUND.to_bits() as i32;
    let of_m = value(bits) - whole_bits.binary(Binary::ShiftLeft, 23);
    let mut body = vec![
        Statement::Let(bits, x.unary(Unary::Bits)),
        Statement::Let(n, shifted),
        Statement::Let(m, of_m.unary(Unary::FromBits)),
    ];
    let (series, of_fraction) = quotient(builder, value(m) - 1.0, value(m) + 1.0);
    body.extend(series);
    let whole = (value(n) - ROUND) * std::f32::consts::LN_2;
    (body, whole + of_fraction)
}

/// `ln(1 + u)` for `u` from 0 to 1, within 3 units in the last place however small `u` is.
pub(super) fn logarithm_of_one_plus(builder: &mut ProgramBuilder, u: Expression) -> Computed {
    let above = builder.scalar("log_u", ScalarType::F32);
    let mut body = vec![Statement::Let(above, u)];
    let above = || Expression::from(above);
    let (series, result) = quotient(builder, above(), above() + 2.0);
    body.extend(series);
    (body, result)
}

/// `ln((b + a)/(b − a))` for `|a/b| ≤ 1/3`.
fn quotient(builder: &mut ProgramBuilder, a: Expression, b: Expression) -> Computed {
    let s = builder.scalar("log_s", ScalarType::F32);
    let mut body = vec![Statement::Let(s, a / b)];
    let s = || Expression::from(s);
    let (series, sum) = polynomial(builder, "log_series", s() * s(), &SERIES);
    body.extend(series);
    (body, sum * (s() * 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::polynomial::worst_error;

    #[test]
    fn logarithms_of_all_sizes() {
        // From 10⁻³⁰ to 10³⁰, but not so near 1 that its units are those of x − 1.
        let powers = (-69_000..69_000).map(|i| (i as f32 * 1e-3).exp());
        let far = powers.filter(|x| !(0.7..1.4).contains(x));
        let worst = worst_error(logarithm, f64::ln, far);
        assert!(worst < 3.0, "{worst} units in the last place");
        let near = (0..100_000).map(|i| 0.75 + i as f32 * 7e-6);
        let worst = worst_error(logarithm, f64::ln, near);
        assert!(worst < 4.0, "{worst} units in the last place");
    }

    #[test]
    fn one_plus_nearly_nothing_keeps_its_digits() {
        let fractions = (0..100_000).map(|i| 0.999_5_f32.powi(i / 2));
        let worst = worst_error(
            logarithm_of_one_plus,
            f64::ln_1p,
            fractions.filter(|u| *u > 1e-30),
        );
        assert!(worst < 3.0, "{worst} units in the last place");
    }
}
