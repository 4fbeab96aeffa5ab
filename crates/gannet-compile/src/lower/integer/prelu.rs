//! Rectification of integers whose slopes were learnt: what is not negative and what is are
//! rescaled by multipliers of their own.

use gannet_graph::NodeId;
use gannet_graph::quantized::{Element, PReLU};

use super::super::Lowering;
use super::super::rows::Rows;
use super::super::whole::Value;
use super::Integers;
use super::requantize::{held, multiplied};
use crate::ir::{Constant, Expression, ScalarType, Statement};

impl Lowering<'_> {
    /// A row of node `id`.
    pub(super) fn integer_prelu(
        &mut self,
        integers: Integers<'_>,
        (id, layer): (NodeId, &PReLU),
        rows: &Rows,
    ) -> Vec<Statement> {
        let node = integers.node(id);
        let input = node.inputs()[0];
        let quantization = integers.node(input).output().quantization;
        let output = node.output().quantization;
        let multipliers = layer.multipliers(quantization);
        let [positive, negative] = multipliers.expect("a graph's scales are checked");
        let name = format!("{}_alpha", node.name());
        let values = Constant::I8(layer.slopes().to_vec());
        let slopes = Value {
            elements: self
                .builder
                .constant(&name, &[layer.slopes().len()], values),
            shape: layer.shape().clone(),
        };
        let [zero, slope_zero] = [integers.zero(input), layer.quantization().zero_point()];
        self.sloped(rows, &slopes, ScalarType::I32, |_, value, slope| {
            let centred = || Expression::from(value) - zero;
            // One of the two is 0.
            let above = multiplied(centred().max(0), positive);
            let below = multiplied(centred().min(0) * (slope - slope_zero), negative);
            let limits = Element::I8.range();
            (Vec::new(), held(above + below, output.zero_point(), limits))
        })
    }
}
