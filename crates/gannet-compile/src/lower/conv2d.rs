//! Convolution: every input value is loaded once for a block of filters.

use gannet_graph::Conv2D;

use super::Lowering;
use super::channels::Weights;
use super::integer::Runs;
use super::windowed::{Inputs, Kernel, Products, Singles, Sliding};
use crate::ir::{Affine, BufferId, Reads, Statement};

impl Lowering<'_> {
    /// One row of sums.
    pub(super) fn conv2d(
        &mut self,
        name: &str,
        layer: &Conv2D,
        (sliding, kernel, bias): (&Sliding, Weights<'_>, Option<BufferId>),
    ) -> Vec<Statement> {
        let [kernel_height, kernel_width] = layer.window().kernel();
        let (channels, filters) = (layer.channels(), layer.filters());
        let kernel_name = format!("{name}_kernel");
        let coded = self.coded(&kernel_name, kernel);
        let mut body = Vec::new();
        for blocks in self.blocks(filters, sliding.blocking.channels) {
            if sliding.blocking.is_by_dots() {
                let run = kernel_width * channels;
                let runs = Runs {
                    rows: kernel_height,
                    run,
                    reads: Reads::Shared,
                    inputs: self.builder.describe(sliding.source.elements).element,
                    // Of rows, columns, channels: the taps of a row lie as its inputs do.
                    place: |row, tap, filter| (row * run + tap) * filters + filter,
                    zero: Some(sliding.finish.input_zero()),
                    are_left_out: sliding.leaves_out_rows(),
                    positions: sliding.blocking.outputs * sliding.blocking.computed,
                };
                let dots = self.dots(&kernel_name, &blocks, kernel, &runs);
                let mut row = dots.prepare();
                let products = Products {
                    outputs: blocks.channels(),
                    bias,
                    weights: Kernel::Dots(dots),
                };
                row.extend(self.sliding_row(sliding, &products));
                body.extend(blocks.repeat(row));
                continue;
            }
            let weights = self.block_weights(
                &kernel_name,
                &blocks,
                &[kernel_height, channels, kernel_width],
                &coded,
                |tap, filter| {
                    // Of rows, channels, columns to rows, columns, channels.
                    let (row, rest) = (
                        tap / (channels * kernel_width),
                        tap % (channels * kernel_width),
                    );
                    let (channel, column) = (rest / kernel_width, rest % kernel_width);
                    let tap = (row * kernel_width + column) * channels + channel;
                    tap * filters + filter
                },
            );
            let block = blocks.index();
            let products = Products {
                outputs: blocks.channels(),
                bias,
                weights: Kernel::Singles(Singles {
                    weights,
                    first_weight: Box::new(move |row, column, channel| {
                        vec![block.clone(), row, channel, column, Affine::from(0_i64)]
                    }),
                    inputs: Inputs::All(channels),
                }),
            };
            let row = self.sliding_row(sliding, &products);
            body.extend(blocks.repeat(row));
        }
        body
    }
}
