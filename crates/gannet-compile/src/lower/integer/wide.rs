//! Sums of 64 bits behind values of 16: brought to 16 bits as TFLite's reference kernels do it, in
//! convolutions by a multiplier that is cut to 15 bits, in fully connected layers by a whole one.

use gannet_graph::Dense;
use gannet_graph::quantized::{Layer, Multiplier};

use super::super::Lowering;
use super::super::finish::Arithmetic;
use super::Integers;
use super::requantize::held;
use crate::fuse::Group;
use crate::ir::{Affine, Binary, BufferId, Constant, Expression, Scalar, Statement, Unary};

/// `clamp(sum · mantissa / 2^shift)`, rounded once, halves up; the zero point is 0.
#[derive(Debug, Clone)]
pub(in super::super) struct WideRequantize {
    /// One for all output channels, or one for each.
    mantissas: BufferId,
    /// As many.
    shifts: BufferId,
    is_one: bool,
    /// The smallest and the largest value.
    limits: [i32; 2],
}

impl WideRequantize {
    /// The value for the sum of an output channel.
    pub(in super::super) fn value(&self, sum: Scalar, channel: &Affine) -> Expression {
        let channel = if self.is_one {
            0_i64.into()
        } else {
            channel.clone()
        };
        let of_channel =
            |table: BufferId| Expression::Load(table, vec![channel.clone()]).unary(Unary::Widen);
        let product = Expression::from(sum) * of_channel(self.mantissas);
        let quotient = product.binary(Binary::RoundedShiftRight, of_channel(self.shifts));
        held(quotient.unary(Unary::Narrow), 0, self.limits)
    }
}

/// Mantissa and shift of a convolution's multiplier.
fn cut(multiplier: &Multiplier) -> [i32; 2] {
    let mantissa = match multiplier.mantissa() {
        whole @ ..0x7FFF_0000 => (whole + (1 << 15)) >> 16,
        _ => 0x7FFF,
    };
    [mantissa, 15 - multiplier.shift()]
}

/// Those of a fully connected layer's.
fn whole(multiplier: &Multiplier) -> [i32; 2] {
    [multiplier.mantissa(), 31 - multiplier.shift()]
}

impl<'g> Lowering<'g> {
    /// How the sums of `group`, whose first layer has weights, become its value.
    pub(in super::super) fn wide_requantize(
        &mut self,
        integers: Integers<'_>,
        group: &Group,
    ) -> WideRequantize {
        let node = integers.node(group.first());
        let multipliers = integers.multipliers(group.first());
        let pair = match node.layer() {
            Layer::Dense(_) => whole,
            _ => cut,
        };
        let pairs: Vec<[i32; 2]> = multipliers.iter().map(pair).collect();
        let mut table = |what: &str, constant| {
            let name = format!("{}_{what}", node.name());
            self.builder.constant(&name, &[pairs.len()], constant)
        };
        let mantissas = Constant::I32(pairs.iter().map(|[mantissa, _]| *mantissa).collect());
        let shifts = Constant::I8(pairs.iter().map(|[_, shift]| *shift as i8).collect());
        WideRequantize {
            mantissas: table("mantissas", mantissas),
            shifts: table("shifts", shifts),
            is_one: pairs.len() == 1,
            limits: integers.limits(group),
        }
    }

    /// A fully connected layer of 16 bits, one unit after the other.
    pub(in super::super) fn wide_dense(&mut self, group: &Group, layer: &'g Dense) -> BufferId {
        let name = self.graph.node(group.first()).name();
        let Arithmetic {
            finish,
            weights,
            bias,
        } = self.arithmetic(group, (layer.kernel(), layer.bias()), false);
        let source = self.source(group);
        let source = self.flat(source);
        let target = self.value(group);
        let (features, units) = (layer.features(), layer.units());
        // Those of a unit side by side.
        let places = (0..units).flat_map(|unit| (0..features).map(move |i| i * units + unit));
        let weights = weights.in_order(places);
        let weights = self
            .builder
            .constant(&format!("{name}_kernel"), &[units, features], weights);
        let [unit, feature] = ["unit", "feature"].map(|name| self.builder.variable(name));
        let sum = self.builder.scalar("sum", finish.sum_type());
        let factor = finish.factor(&self.builder, source, vec![feature.into()]);
        let weight = Expression::Load(weights, vec![unit.into(), feature.into()]);
        let added = Expression::from(sum) + finish.product(factor, weight);
        let channel = Affine::from(unit);
        let body = vec![
            Statement::Let(sum, finish.begin(bias, &channel)),
            Statement::repeat(feature, 0_i64, features, vec![Statement::Set(sum, added)]),
            Statement::Store(target, vec![unit.into()], finish.value(sum, &channel)),
        ];
        self.stage(group, vec![Statement::repeat(unit, 0_i64, units, body)]);
        target
    }
}
