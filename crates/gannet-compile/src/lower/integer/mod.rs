//! Networks of integers: the same schedule and the same blocks as of floats, with sums of 32
//! bits that are brought back to 8 bits by TFLite's own rounding.
//!
//! A network of integers is lowered as its twin of floats, of the same layers and shapes; only
//! where a stage computes, the integers come in.

mod dots;
mod function;
mod joining;
mod logistic;
mod packed;
mod packed_dense;
mod packed_window;
mod pooling;
mod prelu;
mod requantize;
mod rescaled;
mod rows;
mod softmax;
mod twin;
mod wide;
mod wide_softmax;

pub(super) use dots::{Dots, Factors, Runs};
pub(super) use packed_dense::{Packed, are_packed};
pub(super) use requantize::Requantize;
use requantize::{Rounding, greatest_sum};
pub(crate) use twin::twin;
pub(super) use wide::WideRequantize;

use gannet_graph::NodeId;
use gannet_graph::quantized::{
    self, Layer, Multiplier, Node, Products, Quantization, QuantizedGraph,
};

use super::Lowering;
use crate::Zeros;
use crate::fuse::Group;
use crate::ir::{BufferId, Constant, Element};

/// A network of integers, and what its input is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Integers<'g> {
    pub(crate) graph: &'g QuantizedGraph,
    /// The first layers read a picture's bytes, 128 more than the integers.
    pub(crate) of_bytes: bool,
    pub(crate) zeros: Zeros,
}

impl<'g> Integers<'g> {
    pub(super) fn node(&self, id: NodeId) -> &'g Node {
        self.graph.node(id)
    }

    /// What the integers stand for that node `id` reads first.
    pub(super) fn input(&self, id: NodeId) -> Quantization {
        self.node(self.node(id).inputs()[0]).output().quantization
    }

    /// What all values are made of.
    pub(super) fn element(&self) -> Element {
        match self.graph.input_type().quantization.element() {
            quantized::Element::I16 => Element::I16,
            quantized::Element::I8 | quantized::Element::U8 => Element::I8,
        }
    }

    /// Whether the sums of node `id`, which has weights, have 64 bits.
    pub(super) fn is_wide(&self, id: NodeId) -> bool {
        self.products(id).is_wide(self.input(id).element())
    }

    /// What the sums of node `id`, which has weights, are multiplied by.
    fn multipliers(&self, id: NodeId) -> Vec<Multiplier> {
        let input = self.input(id);
        match self.node(id).layer() {
            Layer::Conv2D(layer) => layer.multipliers(input),
            Layer::DepthwiseConv2D(layer) => layer.multipliers(input),
            Layer::Conv2DTranspose(layer) => layer.multipliers(input),
            Layer::Dense(layer) => layer.multipliers(input),
            other => unreachable!("{} has no weights", other.kind()),
        }
        .expect("a graph's scales are checked")
    }

    /// The integer in memory that stands for 0 in the value of `id`.
    pub(super) fn zero(&self, id: NodeId) -> i32 {
        let zero = self.node(id).output().quantization.zero_point();
        if self.of_bytes && id.index() == 0 {
            zero + 128
        } else {
            zero
        }
    }

    /// The smallest and the largest value of `group`, whose first layer has weights. Pooling
    /// behind it may hold its values within narrower limits.
    pub(super) fn limits(&self, group: &Group) -> [i32; 2] {
        let products = self.products(group.first());
        let limits = products.limits();
        match group.pool.map(|id| self.node(id).layer()) {
            Some(Layer::MaxPool2D(pool)) => {
                let [low, high] = pool.clamp.limits(products.output());
                [limits[0].max(low), limits[1].min(high)]
            }
            _ => limits,
        }
    }

    /// The weights of node `id`, if it has any.
    pub(super) fn products(&self, id: NodeId) -> &'g Products {
        match self.node(id).layer() {
            Layer::Conv2D(layer) => layer.products(),
            Layer::DepthwiseConv2D(layer) => layer.products(),
            Layer::Conv2DTranspose(layer) => layer.products(),
            Layer::Dense(layer) => layer.products(),
            other => unreachable!("{} has no weights", other.kind()),
        }
    }
}

impl Lowering<'_> {
    /// How the sums of `group`, whose first layer has weights, become its value.
    pub(super) fn requantize(&mut self, integers: Integers<'_>, group: &Group) -> Requantize {
        let node = integers.node(group.first());
        let rounding = match node.layer() {
            Layer::Dense(_) => Rounding::Once,
            _ => Rounding::Twice,
        };
        let multipliers = integers.multipliers(group.first());
        let products = integers.products(group.first());
        let greatest = greatest_sum(products, integers.input(group.first()).element());
        Requantize::new(
            &mut self.builder,
            node.name(),
            (&multipliers, rounding, greatest),
            integers.zero(node.inputs()[0]),
            products.output().zero_point(),
            integers.limits(group),
        )
    }

    /// The constant of a layer's integer bias. Where inputs are multiplied as they lie in memory,
    /// `zero`, what stands for 0 there, is in it.
    pub(super) fn integer_bias(
        &mut self,
        name: &str,
        products: &Products,
        channels: usize,
        zero: i32,
    ) -> Option<BufferId> {
        if zero == 0 && products.bias().is_none() {
            return None;
        }
        let weights = products.kernel().values();
        let values = (0..channels).map(|channel| {
            let of_channel = weights.iter().skip(channel).step_by(channels);
            let weights: i32 = of_channel.map(|&weight| i32::from(weight)).sum();
            let bias = products.bias().map_or(0, |bias| bias.get(channel) as i32);
            bias.wrapping_sub(weights.wrapping_mul(zero))
        });
        let constant = Constant::I32(values.collect());
        let name = format!("{name}_bias");
        Some(self.builder.constant(&name, &[channels], constant))
    }
}
