//! Maximum pooling that no convolution took up: a row of maxima over what lies under the window.

use gannet_graph::MaxPool2D;

use super::Lowering;
use super::pooling::Pooling;
use super::rows::Rows;
use crate::ir::{Expression, ScalarType, Statement};

impl Lowering<'_> {
    pub(super) fn max_pool2d(&mut self, layer: &MaxPool2D, rows: &Rows) -> Vec<Statement> {
        let largest = self.builder.scalar("largest", ScalarType::F32);
        let pooling = Pooling {
            begin: vec![Statement::Let(largest, f32::NEG_INFINITY.into())],
            each: &|value| {
                let larger = Expression::from(largest).max(value);
                vec![Statement::Set(largest, larger)]
            },
            result: largest.into(),
        };
        self.pooled_row(layer.window, rows, pooling)
    }
}
