//! The tail of the normal distribution in the Loop IR: the share that lies above some value.
//!
//! `Q(a) = e^(−a²/2) · t · P(t)` with `t = 1/(1 + 0.27 a)`, the form of Hastings' approximations
//! (1955) with a polynomial of degree 8 that was fitted to the least largest relative error,
//! 2.4·10⁻⁸ from `a = 0` to 13.5. The square is rounded before it is raised, which adds
//! `a²/2 · 6·10⁻⁸` of a value that is then as small as its `e^(−a²/2)`.

use super::exponential::exponential;
use super::polynomial::{Computed, polynomial};
use crate::ir::{Expression, ProgramBuilder, Scalar, ScalarType, Statement};

/// What makes `t` of `a`.
const RATE: f32 = 0.27;
/// `P`, highest power first.
const FITTED: [f32; 9] = [
    0.028_855_432,
    -0.125_953_45,
    0.168_642_15,
    -0.067_844_6,
    0.106_836_34,
    0.072_493_3,
    0.101_690_55,
    0.107_560_75,
    0.107_719_54,
];

/// The share of the normal distribution of mean 0 and deviation 1 above `a ≥ 0`.
pub(super) fn normal_tail(builder: &mut ProgramBuilder, a: Scalar) -> Computed {
    let t = builder.scalar("tail_t", ScalarType::F32);
    let a = || Expression::from(a);
    let inverse = Expression::from(1.0) / (a() * RATE + 1.0);
    let mut body = vec![Statement::Let(t, inverse)];
    let (horner, sum) = polynomial(builder, "tail_sum", t.into(), &FITTED);
    body.extend(horner);
    let (exponent, power) = exponential(builder, a() * a() * -0.5);
    body.extend(exponent);
    (body, sum * t * power)
}
