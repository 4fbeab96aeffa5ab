//! Means and maxima of integers: of what lies under a window, and of whole images.

use gannet_graph::quantized::{self, Clamp};
use gannet_graph::{NodeId, Padding, Window};

use super::super::Lowering;
use super::super::average_pool2d::OverImage;
use super::super::pooling::Pooling;
use super::super::rows::Rows;
use super::Integers;
use super::requantize::{held, multiplied};
use crate::ir::{Binary, Expression, ScalarType, Statement};

impl Lowering<'_> {
    /// A row of maxima of node `id`.
    pub(super) fn integer_max_pool2d(
        &mut self,
        integers: Integers<'_>,
        (id, window, clamp): (NodeId, Window, Clamp),
        rows: &Rows,
    ) -> Vec<Statement> {
        let largest = self.builder.scalar("largest", ScalarType::I32);
        let output = integers.node(id).output().quantization;
        let [least, _] = output.element().range();
        let [low, high] = clamp.limits(output);
        let pooling = Pooling {
            begin: vec![Statement::Let(largest, least.into())],
            each: &|value| {
                let larger = Expression::from(largest).max(value);
                vec![Statement::Set(largest, larger)]
            },
            result: Expression::from(largest).max(low).min(high),
        };
        self.pooled_row(window, rows, pooling)
    }

    /// A row of means of node `id`, halves away from zero.
    pub(super) fn integer_average_pool2d(
        &mut self,
        integers: Integers<'_>,
        (id, window, clamp): (NodeId, Window, Clamp),
        rows: &Rows,
    ) -> Vec<Statement> {
        let [sum, count] = ["sum", "count"].map(|name| self.builder.scalar(name, ScalarType::I32));
        // Without padding the window is always full.
        let padded = window.padding() != Padding::Valid;
        let mut begin = vec![Statement::Let(sum, 0.into())];
        let pixels: Expression = if padded {
            begin.push(Statement::Let(count, 0.into()));
            count.into()
        } else {
            (window.kernel().iter().product::<usize>() as i32).into()
        };
        let each = |value| {
            let mut body = vec![Statement::Set(sum, Expression::from(sum) + value)];
            if padded {
                body.push(Statement::Set(count, Expression::from(count) + 1));
            }
            body
        };
        // Half the count, with the sum's sign.
        let sign = Expression::from(sum).max(-1).min(1);
        let nudge = sign * (pixels.clone() / 2);
        let [low, high] = clamp.limits(integers.node(id).output().quantization);
        let pooling = Pooling {
            begin,
            each: &each,
            result: ((Expression::from(sum) + nudge) / pixels)
                .max(low)
                .min(high),
        };
        self.pooled_row(window, rows, pooling)
    }

    /// The mean of each channel over the image that node `id` reads.
    pub(super) fn integer_global_average_pool2d(
        &mut self,
        integers: Integers<'_>,
        (id, layer): (NodeId, &quantized::GlobalAveragePool2D),
        rows: &Rows,
    ) -> Vec<Statement> {
        let [height, width, _] = rows.source().shape;
        let input = integers.node(id).inputs()[0];
        let quantization = integers.node(input).output().quantization;
        let multiplier = layer.multiplier(quantization, height * width);
        let multiplier = multiplier.expect("a graph's scales are checked");
        let values = OverImage {
            begin: 0.into(),
            of: ScalarType::I32,
            zero: integers.zero(input),
            join: Binary::Add,
        };
        self.over_image(rows, values, |sum| {
            let mean = multiplied(sum.into(), multiplier);
            let limits = layer.output.element().range();
            held(mean, layer.output.zero_point(), limits)
        })
    }
}
