//! Functions of one value of 16 bits, of which there are too many for a table: rectification and
//! changes of scale. Zero points are 0.

use gannet_graph::NodeId;
use gannet_graph::quantized::Layer;

use super::super::Lowering;
use super::super::rows::Rows;
use super::Integers;
use super::requantize::{held, multiplied};
use crate::ir::{Expression, ScalarType, Statement};

impl Lowering<'_> {
    /// A row of node `id`: its values rescaled, those below 0 perhaps by a factor of their own.
    pub(super) fn rescaled(
        &mut self,
        integers: Integers<'_>,
        id: NodeId,
        rows: &Rows,
    ) -> Vec<Statement> {
        let node = integers.node(id);
        let input = integers.input(id);
        let output = node.output().quantization;
        let limits = match node.layer() {
            Layer::Relu(layer) => layer.clamp.limits(output),
            _ => output.element().range(),
        };
        let multipliers = match node.layer() {
            Layer::Relu(layer) => layer.multiplier(input).map(|all| [all; 2]),
            Layer::LeakyRelu(layer) => layer.multipliers(input),
            Layer::Requantize(layer) => layer.multiplier(input).map(|all| [all; 2]),
            other => unreachable!("{} does not rescale", other.kind()),
        };
        let [positive, negative] = multipliers.expect("a graph's scales are checked");
        self.elementwise(rows, |builder, values| {
            let value = builder.scalar("value", ScalarType::I32);
            let source = values.into_iter().next().expect("a function has a source");
            let x = || Expression::from(value);
            let scaled = if positive == negative {
                multiplied(x(), positive)
            } else {
                // One of the two is 0.
                multiplied(x().max(0), positive) + multiplied(x().min(0), negative)
            };
            (vec![Statement::Let(value, source)], held(scaled, 0, limits))
        })
    }
}
