//! Two values brought together: their sum, difference or product, of different scales, and the
//! larger or the smaller of them.

use gannet_graph::NodeId;
use gannet_graph::quantized::{Clamp, Multiply, Quantization, RescaledSum, SumSign};

use super::super::Lowering;
use super::super::joining::reduce;
use super::super::rows::Rows;
use super::Integers;
use super::requantize::{held, multiplied};
use crate::ir::{Binary, Expression, ScalarType, Statement};

impl Integers<'_> {
    /// What the two inputs of node `id` stand for, and what it gives.
    fn joined_types(&self, id: NodeId) -> ([Quantization; 2], Quantization) {
        let node = self.node(id);
        let inputs = [0, 1].map(|i| self.node(node.inputs()[i]).output().quantization);
        (inputs, node.output().quantization)
    }

    /// The two `values` that node `id` reads, less their zero points.
    fn centred(&self, id: NodeId, values: Vec<Expression>) -> [Expression; 2] {
        let zeros = self.node(id).inputs().iter().map(|&input| self.zero(input));
        let centred = values
            .into_iter()
            .zip(zeros)
            .map(|(value, zero)| value - zero);
        let pair: Vec<Expression> = centred.collect();
        pair.try_into().expect("two inputs")
    }
}

impl Lowering<'_> {
    /// A row of node `id`: both values are brought to one scale and added, or the second is taken
    /// from the first.
    pub(super) fn integer_sum(
        &mut self,
        integers: Integers<'_>,
        id: NodeId,
        (sign, clamp): (SumSign, Clamp),
        rows: &Rows,
    ) -> Vec<Statement> {
        let (inputs, output) = integers.joined_types(id);
        let sum = RescaledSum::new(inputs, output, sign);
        let sum = sum.expect("a graph's scales are checked");
        self.elementwise(rows, |builder, values| {
            let centred = integers.centred(id, values);
            let terms = [0, 1].map(|_| builder.scalar("term", ScalarType::I32));
            let scaled = builder.scalar("scaled", ScalarType::I32);
            let mut body = Vec::new();
            for ((term, value), multiplier) in terms.into_iter().zip(centred).zip(sum.inputs) {
                let shifted = value.binary(Binary::ShiftLeft, sum.left_shift as i32);
                body.push(Statement::Let(term, multiplied(shifted, multiplier)));
            }
            let [first, second] = terms.map(Expression::from);
            let total = match sign {
                SumSign::Plus => first + second,
                SumSign::Minus => first - second,
            };
            body.push(Statement::Let(scaled, multiplied(total, sum.output)));
            let limits = clamp.limits(output);
            (body, held(scaled.into(), output.zero_point(), limits))
        })
    }

    /// A row of the larger or the smaller of values that stand for the same.
    pub(super) fn integer_extreme(&mut self, extreme: Binary, rows: &Rows) -> Vec<Statement> {
        self.elementwise(rows, |_, values| (Vec::new(), reduce(extreme, values)))
    }

    /// A row of node `id`, products of two values.
    pub(super) fn integer_multiply(
        &mut self,
        integers: Integers<'_>,
        (id, layer): (NodeId, &Multiply),
        rows: &Rows,
    ) -> Vec<Statement> {
        let (inputs, output) = integers.joined_types(id);
        let multiplier = layer.multiplier(inputs);
        let multiplier = multiplier.expect("a graph's scales are checked");
        self.elementwise(rows, |builder, values| {
            let [first, second] = integers.centred(id, values);
            let scaled = builder.scalar("scaled", ScalarType::I32);
            let body = vec![Statement::Let(
                scaled,
                multiplied(first * second, multiplier),
            )];
            let limits = layer.clamp.limits(output);
            (body, held(scaled.into(), output.zero_point(), limits))
        })
    }
}
