//! Depthwise convolution: a block of channels side by side, or, where each channel makes
//! several, one channel after the other. Of integers, four channels are a word.

use gannet_graph::DepthwiseConv2D;

use super::Lowering;
use super::channels::Weights;
use super::integer::Runs;
use super::windowed::{Inputs, Kernel, Products, Singles, Sliding};
use crate::ir::{Affine, BufferId, Reads, Statement, Stored};

impl Lowering<'_> {
    /// One row of sums.
    pub(super) fn depthwise_conv2d(
        &mut self,
        name: &str,
        layer: &DepthwiseConv2D,
        (sliding, kernel, bias): (&Sliding, Weights<'_>, Option<BufferId>),
    ) -> Vec<Statement> {
        let [kernel_height, kernel_width] = layer.window().kernel();
        if sliding.blocking.is_by_dots() {
            return self.depthwise_by_dots(name, layer, (sliding, kernel, bias));
        }
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

    /// The same, as dot products of each channel's own inputs.
    fn depthwise_by_dots(
        &mut self,
        name: &str,
        layer: &DepthwiseConv2D,
        (sliding, kernel, bias): (&Sliding, Weights<'_>, Option<BufferId>),
    ) -> Vec<Statement> {
        let [kernel_height, kernel_width] = layer.window().kernel();
        let channels = layer.channels();
        let runs = Runs {
            rows: kernel_height,
            run: kernel_width,
            reads: Reads::Own(channels),
            inputs: self.builder.describe(sliding.source.elements).element,
            place: |row, column, channel| (row * kernel_width + column) * channels + channel,
            zero: Some(sliding.finish.input_zero()),
            are_left_out: sliding.leaves_out_rows(),
            positions: sliding.blocking.outputs * sliding.blocking.computed,
        };
        let mut body = Vec::new();
        for blocks in self.blocks(channels, sliding.blocking.channels) {
            let dots = self.dots(&format!("{name}_kernel"), &blocks, kernel, &runs);
            let products = Products {
                outputs: blocks.channels(),
                bias,
                weights: Kernel::Dots(dots),
            };
            let row = self.sliding_row(sliding, &products);
            body.extend(blocks.repeat(row));
        }
        body
    }
}
