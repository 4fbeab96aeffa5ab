//! Rectification whose slopes were learnt, a row at a time: what streams past need not be kept.

use gannet_graph::PReLU;

use super::Lowering;
use super::load;
use super::polynomial::Computed;
use super::rows::Rows;
use super::whole::Value;
use crate::ir::{Affine, Expression, ProgramBuilder, Scalar, ScalarType, Statement};

impl Lowering<'_> {
    /// A row of `max(x, 0) + alpha · min(x, 0)`.
    pub(super) fn prelu(&mut self, name: &str, layer: &PReLU, rows: &Rows) -> Vec<Statement> {
        let slopes = self.constant_of(&format!("{name}_alpha"), layer.alpha());
        self.sloped(rows, &slopes, ScalarType::F32, |_, value, slope| {
            let x = || Expression::from(value);
            (Vec::new(), x().max(0.0) + x().min(0.0) * slope)
        })
    }

    /// A row of what `f` makes of each value and its slope; `slopes` may have an extent of 1 for
    /// any.
    pub(super) fn sloped(
        &mut self,
        rows: &Rows,
        slopes: &Value,
        of: ScalarType,
        f: impl FnOnce(&mut ProgramBuilder, Scalar, Expression) -> Computed,
    ) -> Vec<Statement> {
        let Rows { target, y, .. } = rows;
        let (source, y) = (rows.source(), Affine::from(*y));
        let [_, columns, channels] = target.shape;
        let [x, channel] = ["x", "channel"].map(|name| self.builder.variable(name));
        source.at(&mut self.builder, y.clone(), |builder, from| {
            target.at(builder, y.clone(), |builder, to| {
                let value = builder.scalar("value", of);
                let from = from.pixel(x.into(), channel.into());
                let index = [y, x.into(), channel.into()];
                // A vector is one pixel.
                let own = &index[index.len() - slopes.shape.dims().len()..];
                let slope = Expression::Load(slopes.elements, slopes.at_any(own));
                let mut body = vec![Statement::Let(value, load(builder, source.pixels, from))];
                let (computed, result) = f(builder, value, slope);
                body.extend(computed);
                let place = to.pixel(x.into(), channel.into());
                body.push(Statement::Store(target.pixels, place, result));
                let pixel = vec![Statement::repeat(channel, 0_i64, channels, body)];
                vec![Statement::repeat(x, 0_i64, columns, pixel)]
            })
        })
    }
}
