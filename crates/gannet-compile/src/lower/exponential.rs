//! `eˣ` in the Loop IR, so that no library of any platform decides a bit.
//!
//! `x = n·ln 2 + r` with `|r| ≤ ln 2 / 2`; `eʳ` is Taylor's polynomial of degree 7, whose
//! remainder is below r⁸/8! < 6·10⁻⁹; `2ⁿ` is put together from bits. ln 2 is split in two
//! (Cody and Waite, 1980), so that `n·ln 2` is exact enough. With the roundings of Horner's
//! scheme the result is within 2 units in the last place for −87.3 ≤ x ≤ 88.3; beyond, x is
//! clamped.

use super::polynomial::{Computed, polynomial};
use crate::ir::{Binary, Expression, ProgramBuilder, Scalar, ScalarType, Statement, Unary};

/// Below, 2ⁿ would be subnormal.
const LEAST: f32 = -87.3;
/// Above, 2ⁿ would be infinite.
const GREATEST: f32 = 88.3;
/// Adding 1.5·2²³ to a small number leaves its nearest integer in the low bits.
const ROUND: f32 = 12_582_912.0;
/// 355/512, nine bits of ln 2, so that n·LN2_HIGH is exact.
const LN2_HIGH: f32 = 355.0 / 512.0;
/// ln 2 − 355/512.
const LN2_LOW: f32 = -2.121_944_4e-4;
/// 1/k! for k = 7 down to 0.
const TAYLOR: [f32; 8] = [
    1.0 / 5040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// `x` as `n·ln 2 + r`.
struct Reduced {
    body: Vec<Statement>,
    /// `r`.
    rest: Scalar,
    /// `2ⁿ`.
    scale: Expression,
}

fn reduced(builder: &mut ProgramBuilder, x: Expression) -> Reduced {
    let [x_name, n, r] =
        ["x", "n", "r"].map(|name| builder.scalar(&format!("exp_{name}"), ScalarType::F32));
    let value = Expression::from;
    let shifted = value(x_name) * std::f32::consts::LOG2_E + ROUND;
    let whole = || value(n) - ROUND;
    let rest = value(x_name) - whole() * LN2_HIGH - whole() * LN2_LOW;
    let body = vec![
        Statement::Let(x_name, x.max(LEAST).min(GREATEST)),
        // n and the bits of 2ⁿ both come from the shifted number.
        Statement::Let(n, shifted),
        Statement::Let(r, rest),
    ];
    let scale = (value(n).unary(Unary::Bits) + (127 - ROUND.to_bits() as i32))
        .binary(Binary::ShiftLeft, 23)
        .unary(Unary::FromBits);
    Reduced {
        body,
        rest: r,
        scale,
    }
}

/// The statements that compute `eˣ`, and its value.
pub(super) fn exponential(builder: &mut ProgramBuilder, x: Expression) -> Computed {
    let Reduced {
        mut body,
        rest,
        scale,
    } = reduced(builder, x);
    let (horner, power) = polynomial(builder, "exp_power", rest.into(), &TAYLOR);
    body.extend(horner);
    (body, power * scale)
}

/// The statements that compute `eˣ − 1`, and its value: `2ⁿ(eʳ − 1) + (2ⁿ − 1)`, where the
/// first difference is Taylor's polynomial without its 1. Where `x` is small, `n` is zero and
/// nothing cancels: the result is within 3 units in the last place.
pub(super) fn exponential_minus_one(builder: &mut ProgramBuilder, x: Expression) -> Computed {
    let Reduced {
        mut body,
        rest,
        scale,
    } = reduced(builder, x);
    let factor = builder.scalar("exp_scale", ScalarType::F32);
    body.push(Statement::Let(factor, scale));
    let without_one = &TAYLOR[..TAYLOR.len() - 1];
    let (horner, power) = polynomial(builder, "exp_power", rest.into(), without_one);
    body.extend(horner);
    let factor = || Expression::from(factor);
    (body, power * rest * factor() + (factor() - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::polynomial::worst_error;

    /// On a grid that is finer than the polynomial's ripples.
    #[test]
    fn the_error_is_within_two_units_in_the_last_place() {
        let grid = |i: u32| LEAST + (GREATEST - LEAST) * (i as f32 / 400_000.0);
        let worst = worst_error(exponential, f64::exp, (0..400_000).map(grid));
        assert!(worst < 2.0, "{worst} units in the last place");
    }

    #[test]
    fn near_zero_nothing_is_lost_by_taking_one_away() {
        let sides = |i: i32| 1e-7 * 1.000_2_f32.powi(i);
        let small = (0..100_000).map(sides).filter(|x| *x < GREATEST);
        let both = small.flat_map(|x| [x, -x]);
        let worst = worst_error(exponential_minus_one, f64::exp_m1, both);
        assert!(worst < 3.0, "{worst} units in the last place");
    }
}
