//! What becomes of sums, and what they are sums of: the arithmetic of a layer with weights.

use gannet_graph::{Function, Tensor};

use super::activation::pointwise;
use super::channels::Weights;
use super::integer::{Requantize, WideRequantize};
use super::{Lowering, load};
use crate::fuse::Group;
use crate::ir::{
    Affine, BufferId, Expression, ProgramBuilder, Scalar, ScalarType, Statement, Unary,
};

/// The arithmetic of one layer.
#[derive(Debug, Clone)]
pub(super) struct Arithmetic<'g> {
    pub(super) finish: Finish,
    pub(super) weights: Weights<'g>,
    /// What sums begin with.
    pub(super) bias: Option<BufferId>,
}

impl<'g> Lowering<'g> {
    /// That of `group`, whose first layer has the float weights `kernel` and `bias`. `is_raw` says
    /// that integers are multiplied as they lie in memory.
    pub(super) fn arithmetic(
        &mut self,
        group: &Group,
        (kernel, bias): (&'g Tensor, Option<&Tensor>),
        is_raw: bool,
    ) -> Arithmetic<'g> {
        let name = self.graph.node(group.first()).name();
        match self.integers {
            None => Arithmetic {
                finish: Finish::Float(group.function),
                weights: Weights::F32(kernel.data()),
                bias: self.bias(name, bias),
            },
            Some(integers) => {
                let products = integers.products(group.first());
                let shape = self.graph.node(group.first()).output_shape();
                let channels = shape.dims().last().copied().unwrap_or(1);
                let weights = Weights::I8(products.kernel());
                if integers.is_wide(group.first()) {
                    return Arithmetic {
                        finish: Finish::Wide(self.wide_requantize(integers, group)),
                        weights,
                        bias: self.integer_bias(name, products, channels, 0),
                    };
                }
                let requantize = self.requantize(integers, group);
                let zero = if is_raw { requantize.input_zero } else { 0 };
                Arithmetic {
                    finish: Finish::Integer(requantize),
                    weights,
                    bias: self.integer_bias(name, products, channels, zero),
                }
            }
        }
    }
}

/// How sums become values.
#[derive(Debug, Clone)]
pub(super) enum Finish {
    /// By a pointwise function.
    Float(Function),
    /// From 32 bits to 8, or to 16.
    Integer(Requantize),
    /// From 64 bits to 16.
    Wide(WideRequantize),
}

impl Finish {
    /// The type of sums and factors.
    pub(super) fn sum_type(&self) -> ScalarType {
        match self {
            Finish::Float(_) => ScalarType::F32,
            Finish::Integer(_) => ScalarType::I32,
            Finish::Wide(_) => ScalarType::I64,
        }
    }

    /// What the sum of an output channel begins with: its bias, or nothing.
    pub(super) fn begin(&self, bias: Option<BufferId>, channel: &Affine) -> Expression {
        let bias = bias.map(|bias| Expression::Load(bias, vec![channel.clone()]));
        match self {
            Finish::Float(_) => bias.unwrap_or(0.0.into()),
            Finish::Integer(_) => bias.unwrap_or(0.into()),
            Finish::Wide(_) => bias.unwrap_or(0.into()).unary(Unary::Widen),
        }
    }

    /// The product of an input, as a factor, and a weight, to be added to a sum.
    pub(super) fn product(&self, factor: Expression, weight: Expression) -> Expression {
        match self {
            Finish::Float(_) | Finish::Integer(_) => factor * weight,
            // 16 bits times 8.
            Finish::Wide(_) => (factor * weight).unary(Unary::Widen),
        }
    }

    /// What is taken from every input before it is multiplied.
    pub(super) fn input_zero(&self) -> i32 {
        match self {
            Finish::Float(_) | Finish::Wide(_) => 0,
            Finish::Integer(requantize) => requantize.input_zero,
        }
    }

    /// An element of the source as a factor.
    pub(super) fn factor(
        &self,
        builder: &ProgramBuilder,
        buffer: BufferId,
        index: Vec<Affine>,
    ) -> Expression {
        match self {
            Finish::Float(_) | Finish::Wide(_) => load(builder, buffer, index),
            Finish::Integer(requantize) => match requantize.input_zero {
                0 => Expression::Load(buffer, index),
                zero => Expression::Load(buffer, index) - zero,
            },
        }
    }

    /// The value for the sum of an output channel.
    pub(super) fn value(&self, sum: Scalar, channel: &Affine) -> Expression {
        match self {
            Finish::Float(function) => pointwise(*function, sum),
            Finish::Integer(requantize) => requantize.value(sum.into(), channel),
            Finish::Wide(requantize) => requantize.value(sum, channel),
        }
    }

    /// The same for `channel` alone, behind statements that read its constants.
    pub(super) fn of_channel(
        &self,
        builder: &mut ProgramBuilder,
        channel: &Affine,
    ) -> (Vec<Statement>, Finish) {
        match self {
            Finish::Float(_) | Finish::Wide(_) => (Vec::new(), self.clone()),
            Finish::Integer(requantize) => {
                let (body, own) = requantize.of_channel(builder, channel);
                (body, Finish::Integer(own))
            }
        }
    }

    /// What must be done to sums before maxima of them are taken, where that is anything.
    pub(super) fn before_maxima(&self, sum: Scalar) -> Option<Expression> {
        match self {
            Finish::Float(Function::Relu | Function::Linear)
            | Finish::Integer(_)
            | Finish::Wide(_) => None,
            Finish::Float(function) => Some(pointwise(*function, sum)),
        }
    }

    /// The value for the maximum of an output channel's sums: requantizing never changes which
    /// of two is larger.
    pub(super) fn behind_maxima(&self, largest: Scalar, channel: &Affine) -> Expression {
        match self {
            Finish::Float(_) => largest.into(),
            Finish::Integer(_) | Finish::Wide(_) => self.value(largest, channel),
        }
    }
}

/// What maxima of a function's values begin with. Those that begin at zero are the ReLU's values
/// already.
pub(super) fn least(function: Function) -> f32 {
    match function {
        Function::Relu => 0.0,
        _ => f32::NEG_INFINITY,
    }
}
