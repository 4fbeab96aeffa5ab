//! Convolution: every input value is read once for a block of filters.

use gannet_graph::Conv2D;

use super::Lowering;
use super::channels::Blocks;
use super::windowed::{Finish, Sliding, Windowed, within};
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Scalar, Statement, Variable};

/// A convolution as it is lowered.
struct Convolution<'l> {
    layer: &'l Conv2D,
    sliding: Sliding,
}

impl Lowering<'_> {
    pub(super) fn conv2d(&mut self, group: &Group, layer: &Conv2D) -> BufferId {
        let sliding = self.sliding(group, layer.window(), layer.filters(), layer.bias());
        let convolution = Convolution { layer, sliding };
        self.windowed(group, &convolution)
    }
}

impl Windowed for Convolution<'_> {
    fn sliding(&self) -> &Sliding {
        &self.sliding
    }

    fn sums(
        &self,
        lowering: &mut Lowering<'_>,
        y: Affine,
        x: Variable,
        finish: &Finish<'_>,
    ) -> Vec<Statement> {
        let mut body = Vec::new();
        for blocks in lowering.blocks(self.layer.filters()) {
            let (sums, mut block) = lowering.accumulators(&blocks, self.sliding.bias);
            block.push(self.taps(lowering, &blocks, &sums, y.clone(), x));
            block.extend(finish(&blocks.with_channels(&sums)));
            body.extend(blocks.repeat(block));
        }
        body
    }
}

impl Convolution<'_> {
    /// Adds up the window at row `y`, column `x` for one block of filters.
    fn taps(
        &self,
        lowering: &mut Lowering<'_>,
        blocks: &Blocks,
        sums: &[Scalar],
        y: Affine,
        x: Variable,
    ) -> Statement {
        let window = self.sliding.window;
        let ([kernel_height, kernel_width], channels) = (window.kernel(), self.layer.channels());
        let (kernel, filters) = (self.layer.kernel().data(), self.layer.filters());
        let weights = lowering.block_weights(
            &format!("{}_kernel", self.sliding.name),
            blocks,
            &[kernel_height, kernel_width, channels],
            |tap, filter| kernel[tap * filters + filter],
        );

        let [ky, kx, channel] = ["ky", "kx", "channel"].map(|name| lowering.builder.variable(name));
        let [height, width] = self.sliding.image;
        let [top, left] = self.sliding.corner(y, x);
        // One channel needs no loop of its own.
        let channel_index = match channels {
            1 => Affine::from(0_i64),
            _ => Affine::from(channel),
        };
        let pixel = vec![
            top.clone() + Affine::from(ky),
            left.clone() + Affine::from(kx),
            channel_index.clone(),
        ];
        let value = lowering.load(self.sliding.source, pixel);
        let taps = [ky.into(), kx.into(), channel_index];
        let mut body = lowering.multiply_add(blocks, sums, value, weights, &taps);
        if channels > 1 {
            body = vec![Statement::repeat(channel, 0_i64, channels, body)];
        }
        let row = within(kx, kernel_width, left, width, body);
        within(ky, kernel_height, top, height, vec![row])
    }
}
