//! Horner's scheme in the Loop IR: what the elementary functions are made of.

use crate::ir::{Expression, ProgramBuilder, ScalarType, Statement};

/// Statements, and the value that may be used behind them.
pub(super) type Computed = (Vec<Statement>, Expression);

/// `Σ cₖ xᵏ` in a scalar called `name`; the coefficient of the highest power comes first.
pub(super) fn polynomial(
    builder: &mut ProgramBuilder,
    name: &str,
    x: Expression,
    coefficients: &[f32],
) -> Computed {
    let sum = builder.scalar(name, ScalarType::F32);
    let mut body = vec![Statement::Let(sum, coefficients[0].into())];
    body.extend(
        (coefficients[1..].iter()).map(|&coefficient| {
            Statement::Set(sum, Expression::from(sum) * x.clone() + coefficient)
        }),
    );
    (body, sum.into())
}

/// The largest difference between what `computed` gives and `exact`, in units in the last place
/// of the exact value.
#[cfg(test)]
pub(super) fn worst_error(
    computed: impl Fn(&mut ProgramBuilder, Expression) -> Computed,
    exact: impl Fn(f64) -> f64,
    arguments: impl Iterator<Item = f32>,
) -> f64 {
    use crate::ir::Element;

    let mut builder = ProgramBuilder::new("function", [0; 8], Element::F32, &[1]);
    let output = builder.buffer("output", Element::F32, &[1]);
    let x = Expression::Load(builder.input(), vec![0_i64.into()]);
    let (mut body, value) = computed(&mut builder, x);
    body.push(Statement::Store(output, vec![0_i64.into()], value));
    builder.stage(&["function"], body);
    let mut interpreter = crate::Interpreter::new(&builder.finish(output).unwrap());
    arguments
        .map(|x| {
            let exact = exact(x.into());
            let found = f64::from(interpreter.run_f32(&[x])[0]);
            let unit = f64::from((exact as f32).abs().next_up()) - f64::from((exact as f32).abs());
            (found - exact).abs() / unit
        })
        .fold(0.0, f64::max)
}
