//! Convolution: every input value is read once for a block of filters.

use gannet_graph::Conv2D;

use super::Lowering;
use super::channels::Blocks;
use super::windowed::{Finish, Windowed, corner, within};
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Scalar, Statement, Variable};

/// A convolution as it is lowered.
struct Convolution<'l> {
    layer: &'l Conv2D,
    name: String,
    source: BufferId,
    /// Height and width of the input.
    image: [usize; 2],
    bias: Option<BufferId>,
}

impl Lowering<'_> {
    pub(super) fn conv2d(&mut self, group: &Group, layer: &Conv2D) -> BufferId {
        let [height, width, _] = self.source_shape(group).as_image().expect("checked shape");
        let name = self.graph.node(group.first()).name().to_owned();
        let convolution = Convolution {
            layer,
            source: self.source(group),
            image: [height, width],
            bias: self.bias(&name, layer.bias()),
            name,
        };
        self.windowed(group, &convolution)
    }
}

impl Windowed for Convolution<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn positions(&self) -> [usize; 2] {
        self.layer
            .window()
            .positions(self.image)
            .expect("checked shape")
    }

    fn channels(&self) -> usize {
        self.layer.filters()
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
            let (sums, mut block) = lowering.accumulators(&blocks, self.bias);
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
        let window = self.layer.window();
        let ([kernel_height, kernel_width], channels) = (window.kernel(), self.layer.channels());
        let (kernel, filters) = (self.layer.kernel().data(), self.layer.filters());
        let weights = lowering.block_weights(
            &format!("{}_kernel", self.name),
            blocks,
            &[kernel_height, kernel_width, channels],
            |tap, filter| kernel[tap * filters + filter],
        );

        let [ky, kx, channel] = ["ky", "kx", "channel"].map(|name| lowering.builder.variable(name));
        let [height, width] = self.image;
        let [top, left] = corner(window, self.image, y, x.into());
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
        let value = lowering.load(self.source, pixel);
        let taps = [ky.into(), kx.into(), channel_index];
        let mut body = lowering.multiply_add(blocks, sums, value, weights, &taps);
        if channels > 1 {
            body = vec![Statement::repeat(channel, 0_i64, channels, body)];
        }
        let row = within(kx, kernel_width, left, width, body);
        within(ky, kernel_height, top, height, vec![row])
    }
}
