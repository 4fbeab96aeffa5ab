//! Layers that bring several images together, and borders.

use gannet_graph::{Function, Layer, ZeroPadding2D};

use super::Lowering;
use super::activation::pointwise;
use super::rows::Rows;
use crate::ir::{Affine, Binary, Expression, ScalarType, Statement};

/// What is done with the elements of several inputs, from the first to the last.
///
/// # Panics
/// If the layer does not join its inputs element by element.
pub(super) fn join(layer: &Layer) -> Binary {
    match layer {
        Layer::Add(_) => Binary::Add,
        Layer::Subtract(_) => Binary::Sub,
        Layer::Multiply(_) => Binary::Mul,
        Layer::Maximum(_) => Binary::Max,
        Layer::Minimum(_) => Binary::Min,
        other => unreachable!("{} is no element-wise join", other.kind()),
    }
}

/// All `values` joined.
pub(super) fn reduce(join: Binary, values: Vec<Expression>) -> Expression {
    let joined = values
        .into_iter()
        .reduce(|joined, value| joined.binary(join, value));
    joined.expect("a join has inputs")
}

impl Lowering<'_> {
    /// All sources of one shape, joined element by element.
    pub(super) fn join_rows(
        &mut self,
        join: Binary,
        function: Function,
        rows: &Rows,
    ) -> Vec<Statement> {
        self.elementwise(rows, |builder, values| {
            let joined = builder.scalar("joined", ScalarType::F32);
            let value = Statement::Let(joined, reduce(join, values));
            (vec![value], pointwise(function, joined))
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
    pub(super) fn zero_padding2d(
        &mut self,
        layer: &ZeroPadding2D,
        zero: Expression,
        rows: &Rows,
    ) -> Vec<Statement> {
        let Rows { target, y, .. } = rows;
        let source = rows.source();
        let [_, columns, channels] = target.shape;
        let i = self.builder.variable("i");
        let mut body = target.at(&mut self.builder, (*y).into(), |_, place| {
            let store = Statement::Store(target.elements, place.element(i.into()), zero);
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
