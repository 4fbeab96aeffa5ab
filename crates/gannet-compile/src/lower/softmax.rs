//! Softmax and its logarithm, over each stretch of `channels` values.

use super::Lowering;
use super::exponential::exponential;
use super::logarithm::logarithm;
use crate::ir::{Affine, BufferId, Expression, Scalar, ScalarType, Statement, Variable};

/// One stretch of values.
struct Row {
    from: BufferId,
    channels: usize,
    /// Which of them.
    variable: Variable,
    /// The largest value.
    largest: Scalar,
    /// `Σ e^(x − largest)`.
    sum: Scalar,
}

impl Lowering<'_> {
    /// `e^(x − max) / Σ e^(x − max)`. The powers lie in `to` until they are divided.
    pub(super) fn softmax(
        &mut self,
        from: BufferId,
        to: BufferId,
        channels: usize,
    ) -> Vec<Statement> {
        let row = self.row(from, channels);
        let mut body = self.sum_powers(&row, |index, power| {
            let store = Statement::Store(to, index.clone(), power);
            (vec![store], Expression::Load(to, index))
        });
        body.push(row.each(self, |_, index| {
            let quotient = Expression::Load(to, index.clone()) / row.sum;
            vec![Statement::Store(to, index, quotient)]
        }));
        vec![self.each_row(&row, to, body)]
    }

    /// `x − max − ln Σ e^(x − max)`.
    pub(super) fn log_softmax(
        &mut self,
        from: BufferId,
        to: BufferId,
        channels: usize,
    ) -> Vec<Statement> {
        let row = self.row(from, channels);
        let mut body = self.sum_powers(&row, |_, power| (Vec::new(), power));
        let log_sum = self.builder.scalar("log_sum", ScalarType::F32);
        let (statements, logarithm) = logarithm(&mut self.builder, row.sum.into());
        body.extend(statements);
        body.push(Statement::Let(log_sum, logarithm));
        body.push(row.each(self, |lowering, index| {
            let value = lowering.load(from, index.clone()) - row.largest - log_sum;
            vec![Statement::Store(to, index, value)]
        }));
        vec![self.each_row(&row, to, body)]
    }

    fn row(&mut self, from: BufferId, channels: usize) -> Row {
        let [largest, sum] =
            ["largest", "sum"].map(|name| self.builder.scalar(name, ScalarType::F32));
        Row {
            from,
            channels,
            variable: self.builder.variable("row"),
            largest,
            sum,
        }
    }

    fn each_row(&self, row: &Row, to: BufferId, body: Vec<Statement>) -> Statement {
        let rows = self.builder.describe(to).len() / row.channels;
        Statement::repeat(row.variable, 0_i64, rows, body)
    }

    /// Finds the largest value of the row and the sum of all powers; `keep` may put a power
    /// somewhere and tells where it is from then on.
    fn sum_powers(
        &mut self,
        row: &Row,
        keep: impl Fn(Vec<Affine>, Expression) -> (Vec<Statement>, Expression),
    ) -> Vec<Statement> {
        let (largest, sum) = (row.largest, row.sum);
        let raise = row.each(self, |lowering, index| {
            let value = lowering.load(row.from, index);
            let larger = Expression::from(largest).max(value);
            vec![Statement::Set(largest, larger)]
        });
        let powers = row.each(self, |lowering, index| {
            let value = lowering.load(row.from, index.clone()) - largest;
            let (mut body, power) = exponential(&mut lowering.builder, value);
            let (kept, power) = keep(index, power);
            body.extend(kept);
            body.push(Statement::Set(sum, Expression::from(sum) + power));
            body
        });
        vec![
            Statement::Let(largest, f32::NEG_INFINITY.into()),
            raise,
            Statement::Let(sum, 0.0.into()),
            powers,
        ]
    }
}

impl Row {
    /// `body` for each value of the row, given its index.
    fn each(
        &self,
        lowering: &mut Lowering<'_>,
        body: impl FnOnce(&mut Lowering<'_>, Vec<Affine>) -> Vec<Statement>,
    ) -> Statement {
        let channel = lowering.builder.variable("channel");
        let index = Affine::from(self.variable) * self.channels as i64 + Affine::from(channel);
        let body = body(lowering, vec![index]);
        Statement::repeat(channel, 0_i64, self.channels, body)
    }
}
