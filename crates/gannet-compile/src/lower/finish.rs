//! What becomes of sums, and what they are sums of: the arithmetic of a layer with weights.

use gannet_graph::{Function, Tensor};

use super::activation::pointwise;
use super::channels::Weights;
use super::integer::Requantize;
use super::{Lowering, load};
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Expression, ProgramBuilder, Scalar, ScalarType};

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
                let requantize = self.requantize(integers, group);
                let zero = if is_raw { requantize.input_zero } else { 0 };
                let shape = self.graph.node(group.first()).output_shape();
                let channels = shape.dims().last().copied().unwrap_or(1);
                Arithmetic {
                    finish: Finish::Integer(requantize),
                    weights: Weights::I8(products.kernel()),
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
    /// From 32 bits to 8.
    Integer(Requantize),
}

impl Finish {
    /// The type of sums and factors.
    pub(super) fn sum_type(&self) -> ScalarType {
        match self {
            Finish::Float(_) => ScalarType::F32,
            Finish::Integer(_) => ScalarType::I32,
        }
    }

    /// A sum of nothing.
    pub(super) fn nothing(&self) -> Expression {
        match self {
            Finish::Float(_) => Expression::F32(0.0),
            Finish::Integer(_) => Expression::I32(0),
        }
    }

    /// What is taken from every input before it is multiplied.
    pub(super) fn input_zero(&self) -> i32 {
        match self {
            Finish::Float(_) => 0,
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
            Finish::Float(_) => load(builder, buffer, index),
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
        }
    }

    /// What must be done to sums before maxima of them are taken, where that is anything.
    pub(super) fn before_maxima(&self, sum: Scalar) -> Option<Expression> {
        match self {
            Finish::Float(Function::Relu | Function::Linear) | Finish::Integer(_) => None,
            Finish::Float(function) => Some(pointwise(*function, sum)),
        }
    }

    /// The value for the maximum of an output channel's sums: requantizing never changes which
    /// of two is larger.
    pub(super) fn behind_maxima(&self, largest: Scalar, channel: &Affine) -> Expression {
        match self {
            Finish::Float(_) => largest.into(),
            Finish::Integer(requantize) => requantize.value(largest.into(), channel),
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
