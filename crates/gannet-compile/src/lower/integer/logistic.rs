//! The logistic function and the hyperbolic tangent of 16 bits: places of one table, and straight
//! lines between them.

use gannet_graph::NodeId;
use gannet_graph::quantized::{Layer, LogisticArgument};

use super::super::Lowering;
use super::super::rows::Rows;
use super::Integers;
use crate::ir::{Binary, Constant, Expression, ScalarType, Statement};

impl Lowering<'_> {
    /// A row of node `id`, one of the two.
    pub(super) fn integer_logistic(
        &mut self,
        integers: Integers<'_>,
        id: NodeId,
        rows: &Rows,
    ) -> Vec<Statement> {
        let node = integers.node(id);
        let input = integers.input(id);
        // Steps from one place to the next as a power of two, where the function is 1/2 or 0 with
        // bits behind the point, how many of them are dropped, and the place of its end.
        let (argument, bits, middle, dropped, end) = match node.layer() {
            Layer::Sigmoid(_) => (LogisticArgument::of_logistic(input), 9, 0, 10, 254),
            _ => (LogisticArgument::of_tanh(input), 8, 1 << 23, 8, 255),
        };
        let argument = argument.expect("a graph's scales are checked");
        // What a value and its negative add up to.
        let whole = match node.layer() {
            Layer::Sigmoid(_) => 1 << 25,
            _ => 0,
        };
        let name = format!("{}_table", node.name());
        let table = LogisticArgument::TABLE.map(i32::from).to_vec();
        let table = self.builder.constant(&name, &[256], Constant::I32(table));
        self.elementwise(rows, |builder, values| {
            let value = values.into_iter().next().expect("a function has a source");
            let names = ["steps", "place", "part", "below", "above", "sign"];
            let [steps, place, part, below, above, sign] =
                names.map(|name| builder.scalar(name, ScalarType::I32));
            let of = Expression::from;
            let product = value * argument.factor();
            let scaled = match argument.shift() {
                0 => product,
                shift => (product + (1 << (shift - 1))).binary(Binary::ShiftRight, shift as i32),
            };
            let magnitude = of(steps).max(Expression::from(0) - steps);
            let at = |place: Expression| Expression::Lookup(table, Box::new(place));
            // 1 behind the end, else 0.
            let is_over = (of(place) - 254).max(0).min(1);
            let within =
                of(part).binary(Binary::And, (1 << bits) - 1) * (Expression::from(1) - is_over);
            let body = vec![
                Statement::Let(steps, scaled),
                Statement::Let(sign, of(steps).binary(Binary::ShiftRight, 31)),
                Statement::Let(part, magnitude),
                Statement::Let(place, of(part).binary(Binary::ShiftRight, bits)),
                Statement::Set(part, within),
                Statement::Let(below, at(of(place).min(end))),
                Statement::Let(above, at((of(place) + 1).min(255))),
            ];
            let line = of(below).binary(Binary::ShiftLeft, bits) + of(part) * (of(above) - below);
            // Its negative where the argument is negative, rounded the other way.
            let signed = (line - middle) * (of(sign) * 2 + 1);
            let half = 1 << (dropped - 1);
            let rounded = signed + half - of(sign) * (whole - 1);
            (body, rounded.binary(Binary::ShiftRight, dropped))
        })
    }
}
