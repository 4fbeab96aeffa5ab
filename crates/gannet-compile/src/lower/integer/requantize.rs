//! From sums of 32 bits to values of 8 bits, to the bit as TFLite's reference kernels do it.

use gannet_graph::quantized::{Bias, Element, Multiplier, Products};

use crate::ir::{
    Affine, Binary, BufferId, Constant, Expression, ProgramBuilder, Scalar, ScalarType, Statement,
    Unary,
};

/// How often a product with a multiplier is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounding {
    /// Once, as in LiteRT's fully connected layers.
    Once,
    /// As a doubling high product, then divided by a power of two.
    Twice,
}

/// `clamp(sum · multiplier + zero point)`.
#[derive(Debug, Clone)]
pub(in super::super) struct Requantize {
    rounding: Rounding,
    /// The magnitude that no sum exceeds.
    greatest: i64,
    multiplier: PerChannel,
    /// What is taken from every input before it is multiplied.
    pub(in super::super) input_zero: i32,
    zero_point: i32,
    /// The smallest and the largest value.
    limits: [i32; 2],
}

/// One multiplier for all output channels, or one for each.
#[derive(Debug, Clone)]
enum PerChannel {
    One(Multiplier),
    Each { mantissas: Table, shifts: Shifts },
}

/// A constant of each channel.
#[derive(Debug, Clone, Copy)]
enum Table {
    /// All of them.
    InFlash(BufferId),
    /// That of the channel in question.
    Read(Scalar),
}

impl Table {
    /// The constant of `channel`.
    fn of(self, channel: &Affine) -> Expression {
        match self {
            Table::InFlash(table) => Expression::Load(table, vec![channel.clone()]),
            Table::Read(scalar) => scalar.into(),
        }
    }

    /// Reads that of `channel` once and for all.
    fn read(&mut self, builder: &mut ProgramBuilder, channel: &Affine, body: &mut Vec<Statement>) {
        let scalar = builder.scalar("constant", ScalarType::I32);
        body.push(Statement::Let(scalar, self.of(channel)));
        *self = Table::Read(scalar);
    }
}

/// Powers of two.
#[derive(Debug, Clone)]
enum Shifts {
    /// The same for every channel.
    One(i32),
    /// To the right, by one more than the table has, where the sums are small.
    Right(Table),
    /// To the left, then to the right; one of them is 0.
    Each { left: Table, right: Table },
    /// Each sum to the left, so that the rest is the same for every channel. This rounds once:
    /// nothing is lost as long as the sums have room (see `raised_fit`).
    Raised { left: Table, rest: i32 },
}

impl Requantize {
    pub(super) fn new(
        builder: &mut ProgramBuilder,
        name: &str,
        (multipliers, rounding, greatest): (&[Multiplier], Rounding, i64),
        input_zero: i32,
        zero_point: i32,
        limits: [i32; 2],
    ) -> Requantize {
        let multiplier = match multipliers {
            [one] => PerChannel::One(*one),
            each => {
                let mut table = |what: &str, values: Constant| {
                    let name = format!("{name}_{what}");
                    Table::InFlash(builder.constant(&name, &[each.len()], values))
                };
                let mantissas = each.iter().map(Multiplier::mantissa).collect();
                let mantissas = table("mantissas", Constant::I32(mantissas));
                let least = least_shift(each);
                let side = |of: &dyn Fn(i32) -> i32| {
                    let shifts = each.iter().map(|multiplier| of(multiplier.shift()).max(0));
                    Constant::I8(shifts.map(|shift| shift as i8).collect())
                };
                let shifts = if each.iter().all(|multiplier| multiplier.shift() == least) {
                    Shifts::One(least)
                } else if rounding == Rounding::Once {
                    Shifts::Raised {
                        left: table("left_shifts", side(&|shift| shift - least)),
                        rest: least,
                    }
                } else if is_small(greatest) && each.iter().all(|each| each.shift() < 0) {
                    Shifts::Right(table("right_shifts", side(&|shift| -shift - 1)))
                } else {
                    Shifts::Each {
                        left: table("left_shifts", side(&|shift| shift)),
                        right: table("right_shifts", side(&|shift| -shift)),
                    }
                };
                PerChannel::Each { mantissas, shifts }
            }
        };
        Requantize {
            rounding,
            greatest,
            multiplier,
            input_zero,
            zero_point,
            limits,
        }
    }

    /// The same for `channel` alone, whose constants are read beforehand: a compiler that cannot
    /// tell that they lie apart from what is stored would read them for each value anew.
    pub(in super::super) fn of_channel(
        &self,
        builder: &mut ProgramBuilder,
        channel: &Affine,
    ) -> (Vec<Statement>, Requantize) {
        let (mut body, mut own) = (Vec::new(), self.clone());
        if let PerChannel::Each { mantissas, shifts } = &mut own.multiplier {
            mantissas.read(builder, channel, &mut body);
            match shifts {
                Shifts::One(_) => {}
                Shifts::Right(table) | Shifts::Raised { left: table, .. } => {
                    table.read(builder, channel, &mut body);
                }
                Shifts::Each { left, right } => {
                    left.read(builder, channel, &mut body);
                    right.read(builder, channel, &mut body);
                }
            }
        }
        (body, own)
    }

    /// `sum · mantissa · 2^(shift − 31)`, in fewer operations where the sums are small.
    fn product(&self, sum: Expression, mantissa: Expression, shift: i32) -> Expression {
        if self.rounding == Rounding::Once || shift >= 0 || !is_small(self.greatest) {
            return shifted_product(sum, mantissa, shift, self.rounding);
        }
        self.small_product(sum, mantissa, (-shift - 1).into())
    }

    /// `sum · mantissa · 2^(−1 − shift − 31)` of a sum that is small.
    fn small_product(
        &self,
        sum: Expression,
        mantissa: Expression,
        shift: Expression,
    ) -> Expression {
        let product = sum
            .binary(Binary::ShiftLeft, 1)
            .binary(Binary::RoundedProduct(32), mantissa);
        let [low, _] = self.limits;
        let product = match low < self.zero_point {
            // Halves go away from zero.
            true => product.unary(Unary::Nudge),
            // What is negative is held at the limit, however it is rounded.
            false => product,
        };
        (product.binary(Binary::ShiftRight, shift) + 1).binary(Binary::ShiftRight, 1)
    }

    /// The value for the sum of an output channel.
    pub(in super::super) fn value(&self, sum: Expression, channel: &Affine) -> Expression {
        let scaled = match &self.multiplier {
            PerChannel::One(multiplier) => {
                let mantissa = multiplier.mantissa().into();
                self.product(sum, mantissa, multiplier.shift())
            }
            PerChannel::Each { mantissas, shifts } => {
                let of_channel = |table: &Table| table.of(channel);
                let mantissa = of_channel(mantissas);
                match shifts {
                    Shifts::Raised { left, rest } => {
                        let raised = sum.binary(Binary::ShiftLeft, of_channel(left));
                        shifted_product(raised, mantissa, *rest, self.rounding)
                    }
                    Shifts::One(shift) => self.product(sum, mantissa, *shift),
                    Shifts::Right(right) => self.small_product(sum, mantissa, of_channel(right)),
                    Shifts::Each { left, right } => sum
                        .binary(Binary::ShiftLeft, of_channel(left))
                        .binary(Binary::RoundedProduct(31), mantissa)
                        .binary(Binary::RoundingShiftRight, of_channel(right)),
                }
            }
        };
        held(scaled, self.zero_point, self.limits)
    }
}

/// `value + zero_point`, held within `limits` before the zero point is added, so that nothing
/// leaves 32 bits.
pub(super) fn held(value: Expression, zero_point: i32, limits: [i32; 2]) -> Expression {
    let [low, high] = limits.map(|limit| limit - zero_point);
    value.max(low).min(high) + zero_point
}

/// Whether sums up to `greatest` can be doubled and rounded within 32 bits.
fn is_small(greatest: i64) -> bool {
    greatest < 1 << 30
}

/// The magnitude that no input of that type exceeds, less its zero point.
fn greatest_input(element: Element) -> i64 {
    match element {
        Element::I16 => 1 << 15,
        Element::I8 | Element::U8 => 255,
    }
}

/// The magnitude that no sum of a layer with `products` exceeds, of inputs of that type.
pub(super) fn greatest_sum(products: &Products, inputs: Element) -> i64 {
    let weights = products.kernel().values();
    let heaviest = weights.iter().map(|&weight| i64::from(weight).abs());
    let biases = |bias: &Bias| (0..bias.len()).map(|c| bias.get(c).abs()).max();
    // All weights bound those of any one channel.
    heaviest.sum::<i64>() * greatest_input(inputs) + products.bias().and_then(biases).unwrap_or(0)
}

/// The smallest of the powers of two.
fn least_shift(multipliers: &[Multiplier]) -> i32 {
    let shifts = multipliers.iter().map(Multiplier::shift);
    shifts.min().unwrap_or(0)
}

/// The magnitude that no sum of each of `channels` output channels exceeds, of a layer with
/// `products` and inputs of that type.
pub(super) fn greatest_sums(
    products: &Products,
    channels: usize,
    inputs: Element,
) -> impl Iterator<Item = i64> {
    let weights = products.kernel().values();
    (0..channels).map(move |channel| {
        let of_channel = weights.iter().skip(channel).step_by(channels);
        let magnitudes: i64 = of_channel.map(|&weight| i64::from(weight).abs()).sum();
        let bias = products.bias().map_or(0, |bias| bias.get(channel).abs());
        magnitudes * greatest_input(inputs) + bias
    })
}

/// Whether the sums of a layer with `products` keep to 32 bits when each is shifted to the left
/// by as much as its multiplier's shift is above the smallest.
pub(super) fn raised_fit(products: &Products, multipliers: &[Multiplier], inputs: Element) -> bool {
    let least = least_shift(multipliers);
    let greatest = greatest_sums(products, multipliers.len(), inputs);
    multipliers
        .iter()
        .zip(greatest)
        .all(|(multiplier, greatest)| {
            i128::from(greatest) << (multiplier.shift() - least) <= i128::from(i32::MAX)
        })
}

/// `value · multiplier`, rounded twice.
pub(super) fn multiplied(value: Expression, multiplier: Multiplier) -> Expression {
    let mantissa = multiplier.mantissa().into();
    shifted_product(value, mantissa, multiplier.shift(), Rounding::Twice)
}

/// `value · mantissa · 2^(shift − 31)`.
fn shifted_product(
    value: Expression,
    mantissa: Expression,
    shift: i32,
    rounding: Rounding,
) -> Expression {
    if rounding == Rounding::Once {
        let bits = u8::try_from(31 - shift).expect("a multiplier is between 2^-31 and 2^30");
        return value.binary(Binary::RoundedProduct(bits), mantissa);
    }
    let value = if shift > 0 {
        value.binary(Binary::ShiftLeft, shift)
    } else {
        value
    };
    let product = value.binary(Binary::RoundedProduct(31), mantissa);
    if shift < 0 {
        product.binary(Binary::RoundingShiftRight, -shift)
    } else {
        product
    }
}
