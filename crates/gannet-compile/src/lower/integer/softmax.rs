//! Softmax of integers, over the channels of each pixel, by TFLite's arithmetic: the powers stand
//! in a table, and the reciprocal of their sum comes from Newton's and Raphson's division.

use gannet_graph::NodeId;
use gannet_graph::quantized::Softmax;

use super::super::Lowering;
use super::super::rows::Rows;
use super::Integers;
use crate::ir::{
    Binary, Constant, Expression, ProgramBuilder, Scalar, ScalarType, Statement, Unary,
};

/// Of how many channels all powers together are less than 2³¹: each is at most 2¹⁹.
pub(super) const MOST_CHANNELS: usize = 4095;

/// By how many bits a power is shifted to the right before it is added.
const SUM_BITS: i32 = 12;

impl Lowering<'_> {
    pub(super) fn integer_softmax(
        &mut self,
        integers: Integers<'_>,
        (id, layer): (NodeId, &Softmax),
        rows: &Rows,
    ) -> Vec<Statement> {
        let node = integers.node(id);
        let input = integers.input(id);
        let mut powers = layer.powers(input).expect("a graph's scales are checked");
        // In the order of the low bits of a difference: 0, then −255 up to −1.
        powers[1..].reverse();
        let name = format!("{}_powers", node.name());
        let powers = Constant::I32(powers);
        let powers = self.builder.constant(&name, &[256], powers);
        self.each_pixel(rows, ScalarType::I32, |builder, pixel| {
            let (largest, sum) = (pixel.largest, pixel.sum);
            let [scale, exponent] =
                ["scale", "exponent"].map(|name| builder.scalar(name, ScalarType::I32));
            let power = |builder: &ProgramBuilder, channel| {
                let difference = pixel.load(builder, channel) - largest;
                Expression::Lookup(powers, Box::new(difference))
            };
            let raise = pixel.each(builder, |builder, channel| {
                let larger = Expression::from(largest).max(pixel.load(builder, channel));
                vec![Statement::Set(largest, larger)]
            });
            let add = pixel.each(builder, |builder, channel| {
                let term = power(builder, channel).binary(Binary::RoundingShiftRight, SUM_BITS);
                vec![Statement::Set(sum, Expression::from(sum) + term)]
            });
            let mut body = vec![
                Statement::Let(largest, i32::from(i8::MIN).into()),
                raise,
                Statement::Let(sum, 0.into()),
                add,
            ];
            body.extend(reciprocal(builder, sum, scale, exponent));
            body.push(pixel.each(builder, |builder, channel| {
                let share = power(builder, channel)
                    .binary(Binary::RoundedProduct(31), scale)
                    .binary(Binary::RoundingShiftRight, exponent);
                let value = (share + i32::from(i8::MIN)).min(i32::from(i8::MAX));
                let to = pixel.target.pixels;
                vec![Statement::Store(to, pixel.to(channel), value)]
            }));
            body
        })
    }
}

/// Sets `scale` to 1/2 … 1, with 31 bits behind the point, and `exponent` to the power of two that
/// a product with it is divided by, so that `power · scale / 2^exponent` is the share of a power in
/// `sum` in steps of 1/256. `sum` is above 0.
fn reciprocal(
    builder: &mut ProgramBuilder,
    sum: Scalar,
    scale: Scalar,
    exponent: Scalar,
) -> Vec<Statement> {
    // With 29 bits behind the point: 48/17 and −32/17, a line near 1/x between 1/2 and 1.
    const OF_48_17THS: i32 = 1_515_870_810;
    const OF_MINUS_32_17THS: i32 = -1_010_580_540;
    const ONE: i32 = 1 << 29;
    /// Of a sum that has no zeros above its highest bit.
    const EXPONENT: i32 = 35;
    const STEPS: usize = 3;
    let product = |left: Scalar, right: Expression| {
        Expression::from(left).binary(Binary::RoundedProduct(31), right)
    };
    let [zeros, half] = ["zeros", "half"].map(|name| builder.scalar(name, ScalarType::I32));
    let x = builder.scalar("x", ScalarType::I32);
    let highest = Expression::from(zeros) - 1;
    let line = product(half, OF_MINUS_32_17THS.into()) + OF_48_17THS;
    let mut body = vec![
        Statement::Let(zeros, Expression::from(sum).unary(Unary::LeadingZeros)),
        // Between 1/2 and 1, with 31 bits behind the point.
        Statement::Let(
            half,
            Expression::from(sum).binary(Binary::ShiftLeft, highest),
        ),
        Statement::Let(x, line),
    ];
    for _ in 0..STEPS {
        let rest = Expression::from(ONE) - product(half, x.into());
        let step = product(x, rest).binary(Binary::ShiftLeft, 2);
        body.push(Statement::Set(x, Expression::from(x) + step));
    }
    // Twice that, at most the largest number below 1.
    let doubled = Expression::from(x).min(2 * ONE) + Expression::from(x).min(2 * ONE - 1);
    let bits = Expression::from(EXPONENT) - zeros;
    body.push(Statement::Let(scale, doubled));
    body.push(Statement::Let(exponent, bits.min(31)));
    body
}
