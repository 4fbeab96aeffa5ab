//! Softmax and its logarithm, over the channels of each pixel.

use super::exponential::exponential;
use super::image::{Image, Place};
use super::logarithm::logarithm;
use super::rows::Rows;
use super::{Lowering, load};
use crate::ir::{Affine, Expression, ProgramBuilder, Scalar, ScalarType, Statement, Variable};

/// One pixel.
pub(super) struct Pixel<'r> {
    source: &'r Image,
    pub(super) target: &'r Image,
    from: Place,
    to: Place,
    /// Its column.
    x: Variable,
    /// The largest value.
    pub(super) largest: Scalar,
    /// `Σ e^(x − largest)`.
    pub(super) sum: Scalar,
}

impl Lowering<'_> {
    /// `e^(x − max) / Σ e^(x − max)`. The powers lie in the target until they are divided.
    pub(super) fn softmax(&mut self, rows: &Rows) -> Vec<Statement> {
        self.each_pixel(rows, ScalarType::F32, |builder, pixel| {
            let to = pixel.target.pixels;
            let mut body = pixel.sum_powers(builder, |channel, power| {
                let index = pixel.to(channel);
                let store = Statement::Store(to, index.clone(), power);
                (vec![store], Expression::Load(to, index))
            });
            body.push(pixel.each(builder, |_, channel| {
                let index = pixel.to(channel);
                let quotient = Expression::Load(to, index.clone()) / pixel.sum;
                vec![Statement::Store(to, index, quotient)]
            }));
            body
        })
    }

    /// `x − max − ln Σ e^(x − max)`.
    pub(super) fn log_softmax(&mut self, rows: &Rows) -> Vec<Statement> {
        self.each_pixel(rows, ScalarType::F32, |builder, pixel| {
            let mut body = pixel.sum_powers(builder, |_, power| (Vec::new(), power));
            let log_sum = builder.scalar("log_sum", ScalarType::F32);
            let (statements, logarithm) = logarithm(builder, pixel.sum.into());
            body.extend(statements);
            body.push(Statement::Let(log_sum, logarithm));
            body.push(pixel.each(builder, |builder, channel| {
                let value = pixel.load(builder, channel) - pixel.largest - log_sum;
                vec![Statement::Store(
                    pixel.target.pixels,
                    pixel.to(channel),
                    value,
                )]
            }));
            body
        })
    }

    /// `body` for each pixel, whose values are of type `of`.
    pub(super) fn each_pixel(
        &mut self,
        rows: &Rows,
        of: ScalarType,
        body: impl FnOnce(&mut ProgramBuilder, &Pixel<'_>) -> Vec<Statement>,
    ) -> Vec<Statement> {
        let (source, target, y) = (rows.source(), &rows.target, Affine::from(rows.y));
        let x = self.builder.variable("x");
        let [largest, sum] = ["largest", "sum"].map(|name| self.builder.scalar(name, of));
        source.at(&mut self.builder, y.clone(), |builder, from| {
            target.at(builder, y, |builder, to| {
                let pixel = Pixel {
                    source,
                    target,
                    from,
                    to,
                    x,
                    largest,
                    sum,
                };
                let body = body(builder, &pixel);
                vec![Statement::repeat(x, 0_i64, target.shape[1], body)]
            })
        })
    }
}

impl Pixel<'_> {
    /// Where the value of `channel` goes.
    pub(super) fn to(&self, channel: Variable) -> Vec<Affine> {
        self.to.pixel(self.x.into(), channel.into())
    }

    pub(super) fn load(&self, builder: &ProgramBuilder, channel: Variable) -> Expression {
        let index = self.from.pixel(self.x.into(), channel.into());
        load(builder, self.source.pixels, index)
    }

    /// Finds the largest value and the sum of all powers; `keep` may put the power of a channel
    /// somewhere and tells where it is from then on.
    fn sum_powers(
        &self,
        builder: &mut ProgramBuilder,
        keep: impl Fn(Variable, Expression) -> (Vec<Statement>, Expression),
    ) -> Vec<Statement> {
        let (largest, sum) = (self.largest, self.sum);
        let raise = self.each(builder, |builder, channel| {
            let larger = Expression::from(largest).max(self.load(builder, channel));
            vec![Statement::Set(largest, larger)]
        });
        let powers = self.each(builder, |builder, channel| {
            let value = self.load(builder, channel) - largest;
            let (mut body, power) = exponential(builder, value);
            let (kept, power) = keep(channel, power);
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

    /// `body` for each channel.
    pub(super) fn each(
        &self,
        builder: &mut ProgramBuilder,
        body: impl FnOnce(&mut ProgramBuilder, Variable) -> Vec<Statement>,
    ) -> Statement {
        let channel = builder.variable("channel");
        let body = body(builder, channel);
        Statement::repeat(channel, 0_i64, self.target.shape[2], body)
    }
}
