//! One row of a layer that works row by row.

use super::Lowering;
use super::image::Image;
use super::load;
use super::polynomial::Computed;
use crate::ir::{Affine, Element, Expression, ProgramBuilder, Statement, Unary, Variable};

/// Where a row comes from and where it goes.
pub(super) struct Rows {
    pub(super) sources: Vec<Image>,
    pub(super) target: Image,
    /// The row of the target.
    pub(super) y: Variable,
}

impl Rows {
    /// The only source, or the first.
    pub(super) fn source(&self) -> &Image {
        &self.sources[0]
    }
}

impl Lowering<'_> {
    /// Each element of a row from the elements of the sources' rows at the same place.
    pub(super) fn elementwise(
        &mut self,
        rows: &Rows,
        f: impl FnOnce(&mut ProgramBuilder, Vec<Expression>) -> Computed,
    ) -> Vec<Statement> {
        let [_, columns, channels] = rows.target.shape;
        let i = self.builder.variable("i");
        let mut slots = Vec::new();
        let mut find = |builder: &mut ProgramBuilder, image: &Image| {
            let (place, slot) = image.find(builder, rows.y.into());
            slots.push(slot);
            place.element(i.into())
        };
        let mut values = Vec::new();
        for source in &rows.sources {
            let index = find(&mut self.builder, source);
            values.push(match self.integers {
                None => load(&self.builder, source.elements, index),
                Some(_) => Expression::Load(source.elements, index),
            });
        }
        let index = find(&mut self.builder, &rows.target);
        let (mut body, value) = f(&mut self.builder, values);
        body.push(Statement::Store(rows.target.elements, index, value));
        let row = vec![Statement::repeat(i, 0_i64, columns * channels, body)];
        slots.into_iter().rfold(row, |body, slot| slot.around(body))
    }

    /// Copies row `from` of `source`, shifted, to row `to` of `target`.
    pub(super) fn copy_row(
        &mut self,
        (source, from): (&Image, Affine),
        (target, to): (&Image, Affine),
        [column, channel]: [usize; 2],
    ) -> Vec<Statement> {
        let [_, columns, channels] = source.shape;
        let [x, c] = ["x", "channel"].map(|name| self.builder.variable(name));
        source.at(&mut self.builder, from, |builder, from| {
            target.at(builder, to, |builder, to| {
                let [had, wanted] =
                    [source, target].map(|image| builder.describe(image.pixels).element);
                let value = Expression::Load(source.pixels, from.pixel(x.into(), c.into()));
                let value = match (had, wanted) {
                    (Element::U8, Element::F32) => value.unary(Unary::ToF32),
                    _ => value,
                };
                let place = to.pixel(
                    Affine::from(x) + Affine::from(column),
                    Affine::from(c) + Affine::from(channel),
                );
                let copy = Statement::Store(target.pixels, place, value);
                let pixel = vec![Statement::repeat(c, 0_i64, channels, vec![copy])];
                vec![Statement::repeat(x, 0_i64, columns, pixel)]
            })
        })
    }
}
