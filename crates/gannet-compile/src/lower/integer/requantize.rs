//! From sums of 32 bits to values of 8 bits, to the bit as TFLite's reference kernels do it.

use gannet_graph::quantized::Multiplier;

use crate::ir::{Affine, Binary, BufferId, Constant, Expression, ProgramBuilder};

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
    Each { mantissas: BufferId, shifts: Shifts },
}

/// Powers of two.
#[derive(Debug, Clone)]
enum Shifts {
    /// The same for every channel.
    One(i32),
    /// To the left, then to the right; one of them is 0.
    Each { left: BufferId, right: BufferId },
}

impl Requantize {
    pub(super) fn new(
        builder: &mut ProgramBuilder,
        name: &str,
        (multipliers, rounding): (&[Multiplier], Rounding),
        input_zero: i32,
        zero_point: i32,
        limits: [i32; 2],
    ) -> Requantize {
        let multiplier = match multipliers {
            [one] => PerChannel::One(*one),
            each => {
                let mut table = |what: &str, values: Constant| {
                    let name = format!("{name}_{what}");
                    builder.constant(&name, &[each.len()], values)
                };
                let mantissas = each.iter().map(Multiplier::mantissa).collect();
                let mantissas = table("mantissas", Constant::I32(mantissas));
                let first = each[0].shift();
                let shifts = if each.iter().all(|multiplier| multiplier.shift() == first) {
                    Shifts::One(first)
                } else {
                    let side = |of: fn(i32) -> i32| {
                        let shifts = each.iter().map(|multiplier| of(multiplier.shift()).max(0));
                        Constant::I8(shifts.map(|shift| shift as i8).collect())
                    };
                    Shifts::Each {
                        left: table("left_shifts", side(|shift| shift)),
                        right: table("right_shifts", side(|shift| -shift)),
                    }
                };
                PerChannel::Each { mantissas, shifts }
            }
        };
        Requantize {
            rounding,
            multiplier,
            input_zero,
            zero_point,
            limits,
        }
    }

    /// The value for the sum of an output channel.
    pub(in super::super) fn value(&self, sum: Expression, channel: &Affine) -> Expression {
        let scaled = match &self.multiplier {
            PerChannel::One(multiplier) => {
                let mantissa = multiplier.mantissa().into();
                shifted_product(sum, mantissa, multiplier.shift(), self.rounding)
            }
            PerChannel::Each { mantissas, shifts } => {
                let of_channel = |table: &BufferId| Expression::Load(*table, vec![channel.clone()]);
                let mantissa = of_channel(mantissas);
                match shifts {
                    Shifts::One(shift) => shifted_product(sum, mantissa, *shift, self.rounding),
                    Shifts::Each { left, right } => sum
                        .binary(Binary::ShiftLeft, of_channel(left))
                        .binary(Binary::RoundedProduct(31), mantissa)
                        .binary(Binary::RoundingShiftRight, of_channel(right)),
                }
            }
        };
        // Held within the limits before the zero point is added, so that nothing leaves 32 bits.
        let [low, high] = self.limits;
        scaled
            .max(low - self.zero_point)
            .min(high - self.zero_point)
            + self.zero_point
    }
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
