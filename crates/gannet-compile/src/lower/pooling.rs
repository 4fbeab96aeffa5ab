//! A row of pooled values: something of all that lies under a window, for each channel.

use gannet_graph::Window;

use super::rows::Rows;
use super::windowed::within;
use super::{Lowering, load};
use crate::ir::{Affine, Expression, Statement};
use crate::stream::Reach;

/// What is done with the values under a window.
pub(super) struct Pooling<'f> {
    /// Before the first.
    pub(super) begin: Vec<Statement>,
    /// With each.
    pub(super) each: &'f dyn Fn(Expression) -> Vec<Statement>,
    /// The pooled value.
    pub(super) result: Expression,
}

impl Lowering<'_> {
    pub(super) fn pooled_row(
        &mut self,
        window: Window,
        rows: &Rows,
        pooling: Pooling<'_>,
    ) -> Vec<Statement> {
        let Rows { target, y, .. } = rows;
        let source = rows.source();
        let [height, width, channels] = source.shape;
        let [vertical, horizontal] = [0, 1].map(|axis| Reach::of(window, [height, width], axis));
        let [x, channel, ky, kx] =
            ["x", "channel", "ky", "kx"].map(|name| self.builder.variable(name));
        let (top, left) = (vertical.begin((*y).into()), horizontal.begin(x.into()));
        let row = top.clone() + Affine::from(ky);
        let values = source.at(&mut self.builder, row, |builder, place| {
            let index = place.pixel(left.clone() + Affine::from(kx), channel.into());
            let each = (pooling.each)(load(builder, source.pixels, index));
            vec![within(kx, horizontal.kernel, left, width, each)]
        });
        let mut body = pooling.begin;
        body.push(within(ky, vertical.kernel, top, height, values));
        target.at(&mut self.builder, (*y).into(), |_, place| {
            let index = place.pixel(x.into(), channel.into());
            body.push(Statement::Store(target.pixels, index, pooling.result));
            let body = vec![Statement::repeat(channel, 0_i64, channels, body)];
            vec![Statement::repeat(x, 0_i64, target.shape[1], body)]
        })
    }
}
