//! Activation functions: in a register where another stage took them up, else in place where
//! nobody else reads.

use gannet_graph::Function;

use super::Lowering;
use super::polynomial::Computed;
use super::smooth::smooth;
use crate::fuse::Group;
use crate::ir::{BufferId, Expression, Scalar, ScalarType, Statement};

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
    pub(super) fn activation(&mut self, group: &Group, function: Function) -> BufferId {
        let channels = self.source_shape(group).channels();
        let (source, target) = self.in_place(group);
        let (from, to) = (self.flat(source), self.flat(target));
        let body = match function {
            Function::Softmax => self.softmax(from, to, channels),
            Function::LogSoftmax => self.log_softmax(from, to, channels),
            _ => self.each(from, to, |lowering, value| {
                smooth(&mut lowering.builder, function, value)
                    .unwrap_or_else(|| (Vec::new(), pointwise(function, value)))
            }),
        };
        self.stage(group, body);
        target
    }

    /// `to[i] = f(from[i])` for every element.
    fn each(
        &mut self,
        from: BufferId,
        to: BufferId,
        f: impl FnOnce(&mut Self, Scalar) -> Computed,
    ) -> Vec<Statement> {
        let elements = self.builder.describe(to).len();
        let i = self.builder.variable("i");
        let value = self.builder.scalar("value", ScalarType::F32);
        let mut body = vec![Statement::Let(value, self.load(from, vec![i.into()]))];
        let (computed, result) = f(self, value);
        body.extend(computed);
        body.push(Statement::Store(to, vec![i.into()], result));
        vec![Statement::repeat(i, 0_i64, elements, body)]
    }
}
