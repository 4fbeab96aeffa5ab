//! The tail of the normal distribution in the Loop IR: the share that lies above some value.
//!
//! `Q(a) = e^(−a²/2) · t · P(t)`, see [`Function::NORMAL_TAIL`]. The square is rounded before
//! it is raised, which adds `a²/2 · 6·10⁻⁸` of a value that is then as small as its `e^(−a²/2)`.

use gannet_graph::Function;

use super::exponential::exponential;
use super::polynomial::{Computed, polynomial};
use crate::ir::{Expression, ProgramBuilder, Scalar, ScalarType, Statement};

/// The share of the normal distribution of mean 0 and deviation 1 above `a ≥ 0`.
pub(super) fn normal_tail(builder: &mut ProgramBuilder, a: Scalar) -> Computed {
    let t = builder.scalar("tail_t", ScalarType::F32);
    let a = || Expression::from(a);
    let inverse = Expression::from(1.0) / (a() * Function::NORMAL_TAIL_RATE + 1.0);
    let mut body = vec![Statement::Let(t, inverse)];
    let (horner, sum) = polynomial(builder, "tail_sum", t.into(), &Function::NORMAL_TAIL);
    body.extend(horner);
    let (exponent, power) = exponential(builder, a() * a() * -0.5);
    body.extend(exponent);
    (body, sum * t * power)
}
