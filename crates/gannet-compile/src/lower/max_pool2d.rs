//! Maximum pooling that no convolution took up: a row of maxima over what lies under the window.

use gannet_graph::MaxPool2D;
use gannet_graph::quantized;

use super::Lowering;
use super::pooling::Pooling;
use super::rows::Rows;
use crate::fuse::Group;
use crate::ir::{Expression, ScalarType, Statement};

impl Lowering<'_> {
    pub(super) fn max_pool2d(
        &mut self,
        group: &Group,
        layer: &MaxPool2D,
        rows: &Rows,
    ) -> Vec<Statement> {
        let (of, least) = match self.integers {
            None => (ScalarType::F32, f32::NEG_INFINITY.into()),
            Some(_) => (ScalarType::I32, i32::from(i8::MIN).into()),
        };
        let largest = self.builder.scalar("largest", of);
        let result = match self.integers.map(|integers| integers.node(group.first())) {
            Some(node) => {
                let quantized::Layer::MaxPool2D(pool) = node.layer() else {
                    unreachable!("its twin is a pooling layer")
                };
                let [low, high] = pool.clamp.limits(node.output().quantization);
                Expression::from(largest).max(low).min(high)
            }
            None => largest.into(),
        };
        let pooling = Pooling {
            begin: vec![Statement::Let(largest, least)],
            each: &|value| {
                let larger = Expression::from(largest).max(value);
                vec![Statement::Set(largest, larger)]
            },
            result,
        };
        self.pooled_row(layer.window, rows, pooling)
    }
}
