//! Activation functions: in a register where another stage took them up, else a row of their own.

use gannet_graph::Function;

use super::Lowering;
use super::rows::Rows;
use super::smooth::smooth;
use crate::ir::{Expression, Scalar, ScalarType, Statement};

/// A pointwise function of a value in a register.
///
/// # Panics
/// For a function that takes more than a few operations, which no group takes up.
pub(super) fn pointwise(function: Function, value: Scalar) -> Expression {
    let x = || Expression::from(value);
    match function {
        Function::Linear => x(),
        Function::Relu => x().max(0.0),
        Function::Relu6 => x().max(0.0).min(6.0),
        Function::Clip { low, high } => match (low.is_finite(), high.is_finite()) {
            (true, true) => x().max(low).min(high),
            (true, false) => x().max(low),
            (false, true) => x().min(high),
            (false, false) => x(),
        },
        // Where the slope is at most 1, x is the larger of the two exactly where it is positive.
        Function::LeakyRelu { slope } if slope <= 1.0 => x().max(x() * slope),
        Function::LeakyRelu { slope } => x().min(x() * slope),
        Function::HardSigmoid { slope, offset } => (x() * slope + offset).max(0.0).min(1.0),
        Function::HardSwish => x() * (x() + 3.0).max(0.0).min(6.0) * (1.0 / 6.0),
        _ => unreachable!("{function} has a stage of its own"),
    }
}

impl Lowering<'_> {
    /// A row of a function of its own.
    pub(super) fn activation(&mut self, function: Function, rows: &Rows) -> Vec<Statement> {
        match function {
            Function::Softmax => self.softmax(rows),
            Function::LogSoftmax => self.log_softmax(rows),
            _ => self.elementwise(rows, |builder, values| {
                let value = builder.scalar("value", ScalarType::F32);
                let source = values.into_iter().next().expect("a function has a source");
                let mut body = vec![Statement::Let(value, source)];
                let (computed, result) = smooth(builder, function, value)
                    .unwrap_or_else(|| (Vec::new(), pointwise(function, value)));
                body.extend(computed);
                (body, result)
            }),
        }
    }
}
