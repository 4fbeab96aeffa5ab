//! `eˣ` in the Loop IR, so that no library of any platform decides a bit.
//!
//! `x = n·ln 2 + r` with `|r| ≤ ln 2 / 2`; `eʳ` is Taylor's polynomial of degree 7, whose
//! remainder is below r⁸/8! < 6·10⁻⁹; `2ⁿ` is put together from bits. ln 2 is split in two
//! (Cody and Waite, 1980), so that `n·ln 2` is exact enough. With the roundings of Horner's
//! scheme the result is within 2 units in the last place for −87.3 ≤ x ≤ 88.3; beyond, x is
//! clamped.

use crate::ir::{Expression, ProgramBuilder, ScalarType, Statement, Unary};

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

/// The statements that compute `e^x`, and its value.
pub(super) fn exponential(
    builder: &mut ProgramBuilder,
    x: Expression,
) -> (Vec<Statement>, Expression) {
    let [x_name, n, r, power] = ["x", "n", "r", "power"]
        .map(|name| builder.scalar(&format!("exp_{name}"), ScalarType::F32));
    let value = Expression::from;
    let shifted = value(x_name) * std::f32::consts::LOG2_E + ROUND;
    let mut body = vec![
        Statement::Let(x_name, x.max(LEAST).min(GREATEST)),
        // n and the bits of 2ⁿ both come from the shifted number.
        Statement::Let(n, shifted),
    ];
    let exponent = (value(n).unary(Unary::Bits) + (127 - ROUND.to_bits() as i32))
        .binary(crate::ir::Binary::ShiftLeft, 23)
        .unary(Unary::FromBits);
    let whole = || value(n) - ROUND;
    body.push(Statement::Let(
        r,
        value(x_name) - whole() * LN2_HIGH - whole() * LN2_LOW,
    ));
    body.push(Statement::Let(power, TAYLOR[0].into()));
    body.extend(
        TAYLOR[1..]
            .iter()
            .map(|&c| Statement::Set(power, value(power) * r + c)),
    );
    (body, value(power) * exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interpreter;
    use crate::ir::Element;

    /// Against `f64::exp`, on a grid that is finer than the polynomial's ripples.
    #[test]
    fn the_error_is_within_two_units_in_the_last_place() {
        let mut builder = ProgramBuilder::new("exp", [0; 8], Element::F32, &[1]);
        let output = builder.buffer("output", Element::F32, &[1]);
        let x = Expression::Load(builder.input(), vec![0_i64.into()]);
        let (mut body, power) = exponential(&mut builder, x);
        body.push(Statement::Store(output, vec![0_i64.into()], power));
        builder.stage(&["exp"], body);
        let mut interpreter = Interpreter::new(&builder.finish(output).unwrap());

        let mut worst = 0.0_f64;
        for i in 0..400_000 {
            let x = LEAST + (GREATEST - LEAST) * (i as f32 / 400_000.0);
            let found = interpreter.run_f32(&[x])[0];
            let exact = f64::from(x).exp();
            let unit =
                f64::from(f32::from_bits((exact as f32).to_bits() + 1)) - f64::from(exact as f32);
            worst = worst.max((f64::from(found) - exact).abs() / unit);
        }
        assert!(worst < 2.0, "{worst} units in the last place");
    }
}
