//! Layers that bring several images together, and borders.

use gannet_graph::{Function, ZeroPadding2D};

use super::Lowering;
use super::activation::pointwise;
use super::rows::Rows;
use crate::ir::{Affine, ScalarType, Statement};

impl Lowering<'_> {
    /// The sum of all sources.
    pub(super) fn add(&mut self, function: Function, rows: &Rows) -> Vec<Statement> {
        self.elementwise(rows, |builder, values| {
            let sum = builder.scalar("sum", ScalarType::F32);
            let total = values.into_iter().reduce(|total, term| total + term);
            let total = Statement::Let(sum, total.expect("a sum has terms"));
            (vec![total], pointwise(function, sum))
        })
    }

    /// Each source's channels behind those of the one before.
    pub(super) fn concatenate(&mut self, rows: &Rows) -> Vec<Statement> {
        let Rows { target, y, .. } = rows;
        let mut body = Vec::new();
        let mut first = 0;
        for source in &rows.sources {
            let y = Affine::from(*y);
            body.extend(self.copy_row((source, y.clone()), (target, y), [0, first]));
            first += source.shape[2];
        }
        body
    }

    /// Zeros, and a row of the image inside them.
    pub(super) fn zero_padding2d(&mut self, layer: &ZeroPadding2D, rows: &Rows) -> Vec<Statement> {
        let Rows { target, y, .. } = rows;
        let source = rows.source();
        let [_, columns, channels] = target.shape;
        let i = self.builder.variable("i");
        let mut body = target.at(&mut self.builder, (*y).into(), |_, place| {
            let store = Statement::Store(target.elements, place.element(i.into()), 0.0.into());
            vec![Statement::repeat(i, 0_i64, columns * channels, vec![store])]
        });
        let from = Affine::from(*y) - Affine::from(layer.vertical[0]);
        let below = Affine::from(source.shape[0] - 1) - from.clone();
        let to = (target, Affine::from(*y));
        let copy = self.copy_row((source, from.clone()), to, [layer.horizontal[0], 0]);
        body.push(Statement::If(vec![from, below], copy));
        body
    }

    /// A row of the image, to be surrounded by a border.
    pub(super) fn bordered(&mut self, rows: &Rows) -> Vec<Statement> {
        let y = Affine::from(rows.y);
        self.copy_row((rows.source(), y.clone()), (&rows.target, y), [0, 0])
    }

    /// `value · scale`, where no layer could take the scaling up.
    pub(super) fn scaled(&mut self, scale: f32, rows: &Rows) -> Vec<Statement> {
        self.elementwise(rows, |_, values| {
            let value = values.into_iter().next().expect("the image");
            (Vec::new(), value * scale)
        })
    }
}
