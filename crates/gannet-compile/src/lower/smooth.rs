//! Activation functions that rest on the exponential.
//!
//! Each is written so that nothing cancels and nothing overflows, without a branch: `max(x, 0)`
//! and `min(x, 0)` take the two sides apart where they differ.

use gannet_graph::Function;

use super::exponential::{exponential, exponential_minus_one};
use super::logarithm::logarithm_of_one_plus;
use super::normal_tail::normal_tail;
use super::polynomial::Computed;
use crate::ir::{Expression, ProgramBuilder, Scalar, ScalarType, Statement, Unary};

/// The function of a value in a register, if it is one that rests on the exponential. For
/// arguments from −20 to 20 the error is below 3·10⁻⁷ of the result or, where that is smaller
/// than 1, below 3·10⁻⁷.
pub(super) fn smooth(
    builder: &mut ProgramBuilder,
    function: Function,
    value: Scalar,
) -> Option<Computed> {
    let x = || Expression::from(value);
    Some(match function {
        Function::Sigmoid => over_one_plus_power(builder, 1.0.into(), x().unary(Unary::Neg)),
        Function::Silu => over_one_plus_power(builder, x(), x().unary(Unary::Neg)),
        // ½ (1 + tanh y) = 1 / (1 + e⁻²ʸ).
        Function::GeluTanh => {
            let y = x() + x() * x() * x() * Function::GELU_CUBE;
            over_one_plus_power(builder, x(), y * (-2.0 * Function::GELU_STEEPNESS))
        }
        Function::Tanh => hyperbolic_tangent(builder, x()),
        Function::Elu { alpha } => elu(builder, value, alpha, 1.0),
        Function::Selu => elu(builder, value, Function::SELU_ALPHA, Function::SELU_SCALE),
        Function::Softplus => softplus(builder, value),
        Function::Gelu => gelu(builder, value),
        _ => return None,
    })
}

/// `numerator / (1 + e^exponent)`.
fn over_one_plus_power(
    builder: &mut ProgramBuilder,
    numerator: Expression,
    exponent: Expression,
) -> Computed {
    let (body, power) = exponential(builder, exponent);
    (body, numerator / (Expression::from(1.0) + power))
}

/// `E/(E + 2)` with `E = e²ˣ − 1`.
fn hyperbolic_tangent(builder: &mut ProgramBuilder, x: Expression) -> Computed {
    let above = builder.scalar("tanh_above", ScalarType::F32);
    let (mut body, power) = exponential_minus_one(builder, x * 2.0);
    body.push(Statement::Let(above, power));
    let above = || Expression::from(above);
    (body, above() / (above() + 2.0))
}

/// `scale · (max(x, 0) + alpha · (e^min(x, 0) − 1))`: one of the two is zero.
fn elu(builder: &mut ProgramBuilder, x: Scalar, alpha: f32, scale: f32) -> Computed {
    let x = || Expression::from(x);
    let (body, power) = exponential_minus_one(builder, x().min(0.0));
    let unscaled = x().max(0.0) + power * alpha;
    (
        body,
        if scale == 1.0 {
            unscaled
        } else {
            unscaled * scale
        },
    )
}

/// `max(x, 0) + ln(1 + e^−|x|)`.
fn softplus(builder: &mut ProgramBuilder, x: Scalar) -> Computed {
    let x = || Expression::from(x);
    let (mut body, power) = exponential(builder, x().min(x().unary(Unary::Neg)));
    let (series, logarithm) = logarithm_of_one_plus(builder, power);
    body.extend(series);
    (body, x().max(0.0) + logarithm)
}

/// `max(x, 0) − |x| · Q(|x|)`: left of zero `Φ(x)` is the tail `Q`, right of it the rest.
fn gelu(builder: &mut ProgramBuilder, x: Scalar) -> Computed {
    let size = builder.scalar("size", ScalarType::F32);
    let x = || Expression::from(x);
    let mut body = vec![Statement::Let(size, x().max(x().unary(Unary::Neg)))];
    let (tail, share) = normal_tail(builder, size);
    body.extend(tail);
    (body, x().max(0.0) - Expression::from(size) * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interpreter;
    use crate::ir::Element;

    /// Against the graph's own functions, which are computed in `f64`.
    #[test]
    fn functions_keep_their_bound() {
        for &function in Function::ALL {
            let mut builder = ProgramBuilder::new("function", [0; 8], Element::F32, &[1]);
            let output = builder.buffer("output", Element::F32, &[1]);
            let x = builder.scalar("value", ScalarType::F32);
            let place = || vec![0_i64.into()];
            let mut body = vec![Statement::Let(
                x,
                Expression::Load(builder.input(), place()),
            )];
            let Some((computed, result)) = smooth(&mut builder, function, x) else {
                continue;
            };
            body.extend(computed);
            body.push(Statement::Store(output, place(), result));
            builder.stage(&["function"], body);
            let mut interpreter = Interpreter::new(&builder.finish(output).unwrap());

            let mut worst = 0.0_f32;
            for i in -100_000..=100_000 {
                let x = i as f32 * 2e-4;
                let mut exact = [x];
                function.apply(&mut exact, 1);
                let found = interpreter.run_f32(&[x])[0];
                worst = worst.max((found - exact[0]).abs() / exact[0].abs().max(1.0));
            }
            assert!(worst < 3e-7, "{function}: {worst}");
            // Far out nothing becomes infinite, or no number at all.
            for x in [-1e5, -200.0, 200.0, 1e5] {
                let found = interpreter.run_f32(&[x])[0];
                let mut exact = [x];
                function.apply(&mut exact, 1);
                assert!(
                    (found - exact[0]).abs() <= 1e-6 * exact[0].abs() + 1e-30,
                    "{function}: {x}"
                );
            }
        }
    }
}
