//! Activation functions: in a register where another stage took them up, else in place where
//! nobody else reads.

use gannet_graph::Function;

use super::Lowering;
use super::exponential::exponential;
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Expression, Scalar, ScalarType, Statement, Unary};

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
        // Where the slope is at most 1, x is the larger of the two exactly where it is positive.
        Function::LeakyRelu { slope } if slope <= 1.0 => x().max(x() * slope),
        Function::LeakyRelu { slope } => x().min(x() * slope),
        Function::Sigmoid | Function::Softmax => unreachable!("{function} has a stage of its own"),
    }
}

impl Lowering<'_> {
    pub(super) fn activation(&mut self, group: &Group, function: Function) -> BufferId {
        let channels = self.source_shape(group).channels();
        let (source, target) = self.in_place(group);
        let (from, to) = (self.flat(source), self.flat(target));
        let body = match function {
            Function::Softmax => self.softmax(from, to, channels),
            Function::Sigmoid => self.each(from, to, |lowering, value| {
                let negative = Expression::from(value).unary(Unary::Neg);
                let (body, power) = exponential(&mut lowering.builder, negative);
                let one = || Expression::from(1.0);
                (body, one() / (one() + power))
            }),
            Function::Linear | Function::Relu | Function::Relu6 | Function::LeakyRelu { .. } => {
                self.each(from, to, |_, value| {
                    (Vec::new(), pointwise(function, value))
                })
            }
        };
        self.stage(group, body);
        target
    }

    /// `to[i] = f(from[i])` for every element.
    fn each(
        &mut self,
        from: BufferId,
        to: BufferId,
        f: impl FnOnce(&mut Self, Scalar) -> (Vec<Statement>, Expression),
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

    /// `e^(x − max) / Σ e^(x − max)` over each stretch of `channels` values.
    fn softmax(&mut self, from: BufferId, to: BufferId, channels: usize) -> Vec<Statement> {
        let rows = self.builder.describe(to).len() / channels;
        let row = self.builder.variable("row");
        let [largest, sum] =
            ["largest", "sum"].map(|name| self.builder.scalar(name, ScalarType::F32));
        let over_row =
            |lowering: &mut Self, body: &dyn Fn(&mut Self, Vec<Affine>) -> Vec<Statement>| {
                let channel = lowering.builder.variable("channel");
                let index = Affine::from(row) * channels as i64 + Affine::from(channel);
                let body = body(lowering, vec![index]);
                Statement::repeat(channel, 0_i64, channels, body)
            };
        let raise = over_row(self, &|lowering, index| {
            let value = lowering.load(from, index);
            vec![Statement::Set(
                largest,
                Expression::from(largest).max(value),
            )]
        });
        let powers = over_row(self, &|lowering, index| {
            let value = lowering.load(from, index.clone()) - largest;
            let (mut body, power) = exponential(&mut lowering.builder, value);
            body.push(Statement::Store(to, index.clone(), power));
            body.push(Statement::Set(
                sum,
                Expression::from(sum) + Expression::Load(to, index),
            ));
            body
        });
        let divide = over_row(self, &|_, index| {
            let value = Expression::Load(to, index.clone()) / sum;
            vec![Statement::Store(to, index, value)]
        });
        let body = vec![
            Statement::Let(largest, f32::NEG_INFINITY.into()),
            raise,
            Statement::Let(sum, 0.0.into()),
            powers,
            divide,
        ];
        vec![Statement::repeat(row, 0_i64, rows, body)]
    }
}
