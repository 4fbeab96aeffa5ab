//! Activation functions that no other stage took up, in place where nobody else reads.

use gannet_graph::Function;

use super::Lowering;
use super::exponential::exponential;
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Element, Expression, ScalarType, Statement, Unary};

impl Lowering<'_> {
    pub(super) fn activation(&mut self, group: &Group, function: Function) -> BufferId {
        let source = self.source(group);
        let channels = self.source_shape(group).channels();
        let target = if self.may_overwrite(group, source) {
            source
        } else {
            self.value(group)
        };
        let (from, to) = (self.flat(source), self.flat(target));
        let body = match function {
            Function::Linear => self.each(from, to, |_, value| (Vec::new(), value)),
            Function::Relu => self.each(from, to, |_, value| (Vec::new(), value.max(0.0))),
            Function::Sigmoid => self.each(from, to, |lowering, value| {
                let (body, power) = exponential(&mut lowering.builder, value.unary(Unary::Neg));
                let one = || Expression::from(1.0);
                (body, one() / (one() + power))
            }),
            Function::Softmax => self.softmax(from, to, channels),
        };
        self.stage(group, body);
        target
    }

    fn may_overwrite(&self, group: &Group, source: BufferId) -> bool {
        let node = self.graph.node(group.first()).inputs()[0];
        self.graph.readers(node).len() == 1 && self.builder.describe(source).element == Element::F32
    }

    /// `to[i] = f(from[i])` for every element.
    fn each(
        &mut self,
        from: BufferId,
        to: BufferId,
        f: impl FnOnce(&mut Self, Expression) -> (Vec<Statement>, Expression),
    ) -> Vec<Statement> {
        let elements = self.builder.describe(to).len();
        let i = self.builder.variable("i");
        let value = self.load(from, vec![i.into()]);
        let (mut body, value) = f(self, value);
        body.push(Statement::Store(to, vec![i.into()], value));
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
