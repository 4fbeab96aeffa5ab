//! Depthwise convolution: a block of channels side by side, or, where each channel makes
//! several, one channel after the other.

use gannet_graph::DepthwiseConv2D;

use super::Lowering;
use super::channels::Weights;
use super::windowed::{Inputs, Kernel, Products, Singles, Sliding};
use crate::ir::{Affine, BufferId, Statement, Stored};

impl Lowering<'_> {
    /// One row of sums.
    pub(super) fn depthwise_conv2d(
        &mut self,
        name: &str,
        layer: &DepthwiseConv2D,
        (sliding, kernel, bias): (&Sliding, Weights<'_>, Option<BufferId>),
    ) -> Vec<Statement> {
        let [kernel_height, kernel_width] = layer.window().kernel();
        let weights = Stored::Single(self.builder.constant(
            &format!("{name}_kernel"),
            &[kernel_height, kernel_width, layer.outputs()],
            kernel.in_order(0..kernel_height * kernel_width * layer.outputs()),
        ));
        let products = |outputs: Vec<Affine>, inputs: Inputs| {
            let first = outputs[0].clone();
            Products {
                outputs,
                bias,
                weights: Kernel::Singles(Singles {
                    weights,
                    first_weight: Box::new(move |row, column, _| vec![row, column, first.clone()]),
                    inputs,
                }),
            }
        };
        let mut body = Vec::new();
        if layer.multiplier() == 1 {
            for blocks in self.blocks(layer.outputs(), sliding.blocking.channels) {
                let channels = blocks.channels();
                let products = products(channels.clone(), Inputs::Own(channels));
                let row = self.sliding_row(sliding, &products);
                body.extend(blocks.repeat(row));
            }
            return body;
        }
        let channel = self.builder.variable("channel");
        for blocks in self.blocks(layer.multiplier(), sliding.blocking.channels) {
            let of_channel = Affine::from(channel) * layer.multiplier() as i64;
            let outputs = blocks.channels().into_iter();
            let outputs = outputs.map(|k| of_channel.clone() + k).collect();
            let products = products(outputs, Inputs::One(channel.into()));
            let row = self.sliding_row(sliding, &products);
            body.extend(blocks.repeat(row));
        }
        vec![Statement::repeat(channel, 0_i64, layer.channels(), body)]
    }
}
