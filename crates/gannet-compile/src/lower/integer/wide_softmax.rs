//! Softmax of 16 bits, over the channels of each pixel: powers and the reciprocal of their sum are
//! straight lines between the places of tables.

use gannet_graph::NodeId;
use gannet_graph::quantized::{Interpolated, Softmax};

use super::super::Lowering;
use super::super::rows::Rows;
use super::Integers;
use super::requantize::multiplied;
use crate::ir::{
    Binary, BufferId, Constant, Expression, ProgramBuilder, Scalar, ScalarType, Statement,
};

/// A function of 16 bits by its places and by how much it rises from each to the next.
#[derive(Clone, Copy)]
struct Lines {
    places: BufferId,
    rises: BufferId,
}

impl Lines {
    fn new(builder: &mut ProgramBuilder, name: &str, function: &Interpolated) -> Self {
        let places = function.places();
        let rises = places.windows(2).map(|pair| pair[1] - pair[0]);
        let rises = Constant::I32(rises.collect());
        let count = places.len() - 1;
        let places = Constant::I32(places[..count].to_vec());
        Lines {
            places: builder.constant(name, &[count], places),
            rises: builder.constant(&format!("{name}_rises"), &[count], rises),
        }
    }

    /// The function at `argument`, held within 16 bits, which `held` becomes.
    fn at(self, argument: Expression, held: Scalar) -> (Statement, Expression) {
        let set = Statement::Let(held, argument.max(-(1 << 15)).min((1 << 15) - 1));
        let place = || Expression::from(held).binary(Binary::ShiftRight, 7) + 256;
        let look_up = |table| Expression::Lookup(table, Box::new(place()));
        let part = Expression::from(held).binary(Binary::And, 0x7F);
        let rise = (look_up(self.rises) * part + 64).binary(Binary::ShiftRight, 7);
        (set, look_up(self.places) + rise)
    }
}

impl Lowering<'_> {
    /// A row of node `id`.
    pub(super) fn wide_softmax(
        &mut self,
        integers: Integers<'_>,
        (id, layer): (NodeId, &Softmax),
        rows: &Rows,
    ) -> Vec<Statement> {
        let node = integers.node(id);
        let input = integers.input(id);
        let differences = layer.wide_differences(input);
        let differences = differences.expect("a graph's scales are checked");
        let name = |what: &str| format!("{}_{what}", node.name());
        let powers = Lines::new(&mut self.builder, &name("powers"), &Softmax::wide_powers());
        let reciprocals = Softmax::wide_reciprocals();
        let reciprocals = Lines::new(&mut self.builder, &name("reciprocals"), &reciprocals);
        self.each_pixel(rows, ScalarType::I32, |builder, pixel| {
            let (largest, sum) = (pixel.largest, pixel.sum);
            let names = ["zeros", "argument", "reciprocal", "shift"];
            let [zeros, argument, reciprocal, shift] =
                names.map(|name| builder.scalar(name, ScalarType::I32));
            let power = |builder: &mut ProgramBuilder, channel| {
                let difference = pixel.load(builder, channel) - largest;
                let steps = multiplied(difference, differences) + 32767;
                let held = builder.scalar("steps", ScalarType::I32);
                powers.at(steps, held)
            };
            let raise = pixel.each(builder, |builder, channel| {
                let larger = Expression::from(largest).max(pixel.load(builder, channel));
                vec![Statement::Set(largest, larger)]
            });
            let add = pixel.each(builder, |builder, channel| {
                let (set, power) = power(builder, channel);
                vec![set, Statement::Set(sum, Expression::from(sum) + power)]
            });
            // 1 to 2 with 16 bits behind the point, as what is above 3/2.
            let normal = Expression::from(sum)
                .binary(Binary::ShiftLeft, Expression::from(zeros) - 1)
                .binary(Binary::ShiftRight, 13);
            let mantissa = (normal + 1).binary(Binary::ShiftRight, 1) - (3 << 15);
            let (set, value) = reciprocals.at(mantissa, argument);
            let mut body = vec![
                Statement::Let(largest, i32::from(i16::MIN).into()),
                raise,
                Statement::Let(sum, 0.into()),
                add,
                Statement::Let(
                    zeros,
                    Expression::from(sum).unary(crate::ir::Unary::LeadingZeros),
                ),
                set,
                Statement::Let(reciprocal, value),
                Statement::Let(shift, (Expression::from(31) - zeros).max(1)),
            ];
            body.push(pixel.each(builder, |builder, channel| {
                let (set, power) = power(builder, channel);
                let share = (power * reciprocal)
                    .binary(Binary::RoundingShiftRight, shift)
                    .max(0)
                    .min(i32::from(i16::MAX));
                let to = pixel.target.pixels;
                vec![set, Statement::Store(to, pixel.to(channel), share)]
            }));
            body
        })
    }
}
