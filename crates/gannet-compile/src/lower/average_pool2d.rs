//! Mean pooling, and maxima and means of whole images: the sum of what lies under the window,
//! divided by how much that is.

use gannet_graph::{AveragePool2D, Padding};

use super::pooling::Pooling;
use super::rows::Rows;
use super::{Lowering, load};
use crate::ir::{Binary, Expression, Scalar, ScalarType, Statement, Unary};

/// What becomes of all values of a channel.
pub(super) struct OverImage {
    /// Before the first.
    pub(super) begin: Expression,
    /// What they are.
    pub(super) of: ScalarType,
    /// What is taken from each integer.
    pub(super) zero: i32,
    /// With each.
    pub(super) join: Binary,
}

impl Lowering<'_> {
    pub(super) fn average_pool2d(&mut self, layer: &AveragePool2D, rows: &Rows) -> Vec<Statement> {
        let [kernel_height, kernel_width] = layer.window.kernel();
        let sum = self.builder.scalar("sum", ScalarType::F32);
        let count = self.builder.scalar("count", ScalarType::I32);
        // Without padding the window is always full.
        let padded = layer.window.padding() != Padding::Valid;
        let add = |value| {
            let mut body = vec![Statement::Set(sum, Expression::from(sum) + value)];
            if padded {
                body.push(Statement::Set(count, Expression::from(count) + 1));
            }
            body
        };
        let mut begin = vec![Statement::Let(sum, 0.0.into())];
        let divisor = if padded {
            begin.push(Statement::Let(count, 0.into()));
            Expression::from(count).unary(Unary::ToF32)
        } else {
            Expression::from((kernel_height * kernel_width) as f32)
        };
        let pooling = Pooling {
            begin,
            each: &add,
            result: Expression::from(sum) / divisor,
        };
        self.pooled_row(layer.window, rows, pooling)
    }

    /// The largest value of each channel of a whole image.
    pub(super) fn global_max_pool2d(&mut self, rows: &Rows) -> Vec<Statement> {
        let values = OverImage {
            begin: f32::NEG_INFINITY.into(),
            of: ScalarType::F32,
            zero: 0,
            join: Binary::Max,
        };
        self.over_image(rows, values, |largest| largest.into())
    }

    /// The mean of each channel over a whole image.
    pub(super) fn global_average_pool2d(&mut self, rows: &Rows) -> Vec<Statement> {
        let [height, width, _] = rows.source().shape;
        let values = OverImage {
            begin: 0.0.into(),
            of: ScalarType::F32,
            zero: 0,
            join: Binary::Add,
        };
        self.over_image(rows, values, |sum| {
            Expression::from(sum) / (height * width) as f32
        })
    }

    /// All values of each channel, joined to one, and what `finish` makes of it.
    pub(super) fn over_image(
        &mut self,
        rows: &Rows,
        values: OverImage,
        finish: impl FnOnce(Scalar) -> Expression,
    ) -> Vec<Statement> {
        let source = rows.source();
        let [height, width, channels] = source.shape;
        let [y, x, channel] = ["y", "x", "channel"].map(|name| self.builder.variable(name));
        let sum = self.builder.scalar("sum", values.of);
        let add = source.at(&mut self.builder, y.into(), |builder, place| {
            let index = place.pixel(x.into(), channel.into());
            let value = match (values.of, values.zero) {
                (ScalarType::F32, _) => load(builder, source.pixels, index),
                (_, 0) => Expression::Load(source.pixels, index),
                (_, zero) => Expression::Load(source.pixels, index) - zero,
            };
            let joined = Expression::from(sum).binary(values.join, value);
            let add = Statement::Set(sum, joined);
            vec![Statement::repeat(x, 0_i64, width, vec![add])]
        });
        (rows.target).at(&mut self.builder, rows.y.into(), |_, place| {
            let body = vec![
                Statement::Let(sum, values.begin),
                Statement::repeat(y, 0_i64, height, add),
                Statement::Store(
                    rows.target.elements,
                    place.element(channel.into()),
                    finish(sum),
                ),
            ];
            vec![Statement::repeat(channel, 0_i64, channels, body)]
        })
    }
}
