//! Depthwise convolution: a block of channels side by side, or, where each channel makes
//! several, one channel after the other.

use gannet_graph::DepthwiseConv2D;

use super::Lowering;
use super::windowed::{Finish, Sliding, Windowed, within};
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Constant, Expression, ScalarType, Statement, Variable};

/// A depthwise convolution as it is lowered.
struct Depthwise<'l> {
    layer: &'l DepthwiseConv2D,
    sliding: Sliding,
    /// `[kernel rows, kernel columns, channels·multiplier]`.
    weights: BufferId,
}

impl Lowering<'_> {
    pub(super) fn depthwise_conv2d(&mut self, group: &Group, layer: &DepthwiseConv2D) -> BufferId {
        let sliding = self.sliding(group, layer.window(), layer.outputs(), layer.bias());
        let [kernel_height, kernel_width] = layer.window().kernel();
        let weights = self.builder.constant(
            &format!("{}_kernel", sliding.name),
            &[kernel_height, kernel_width, layer.outputs()],
            Constant::F32(layer.kernel().data().to_vec()),
        );
        let depthwise = Depthwise {
            layer,
            sliding,
            weights,
        };
        self.windowed(group, &depthwise)
    }
}

impl Windowed for Depthwise<'_> {
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
        let multiplier = self.layer.multiplier();
        if multiplier == 1 {
            let mut body = Vec::new();
            for blocks in lowering.blocks(self.layer.outputs()) {
                let outputs = blocks.channels();
                let same = outputs.clone();
                let block = self.block(lowering, [&outputs, &same], y.clone(), x, finish);
                body.extend(blocks.repeat(block));
            }
            return body;
        }
        let channel = lowering.builder.variable("channel");
        let mut each_channel = Vec::new();
        for blocks in lowering.blocks(multiplier) {
            let of_channel = Affine::from(channel) * multiplier as i64;
            let outputs: Vec<Affine> = blocks
                .channels()
                .into_iter()
                .map(|k| of_channel.clone() + k)
                .collect();
            let inputs = vec![Affine::from(channel); outputs.len()];
            let block = self.block(lowering, [&outputs, &inputs], y.clone(), x, finish);
            each_channel.extend(blocks.repeat(block));
        }
        vec![Statement::repeat(
            channel,
            0_i64,
            self.layer.channels(),
            each_channel,
        )]
    }
}

impl Depthwise<'_> {
    /// The sums of some output channels, each from its own input channel.
    fn block(
        &self,
        lowering: &mut Lowering<'_>,
        [outputs, inputs]: [&[Affine]; 2],
        y: Affine,
        x: Variable,
        finish: &Finish<'_>,
    ) -> Vec<Statement> {
        let window = self.sliding.window;
        let [kernel_height, kernel_width] = window.kernel();
        let [height, width] = self.sliding.image;
        let [ky, kx] = ["ky", "kx"].map(|name| lowering.builder.variable(name));
        let [top, left] = self.sliding.corner(y, x);

        let mut sums = Vec::new();
        let (mut body, mut taps) = (Vec::new(), Vec::new());
        for (j, (output, input)) in outputs.iter().zip(inputs).enumerate() {
            let sum = lowering.builder.scalar(&format!("sum{j}"), ScalarType::F32);
            let begin = self.sliding.bias.map_or(Expression::F32(0.0), |bias| {
                Expression::Load(bias, vec![output.clone()])
            });
            body.push(Statement::Let(sum, begin));
            let pixel = vec![
                top.clone() + Affine::from(ky),
                left.clone() + Affine::from(kx),
                input.clone(),
            ];
            let weight = Expression::Load(self.weights, vec![ky.into(), kx.into(), output.clone()]);
            let product = lowering.load(self.sliding.source, pixel) * weight;
            taps.push(Statement::Set(sum, Expression::from(sum) + product));
            sums.push((sum, output.clone()));
        }
        let row = within(kx, kernel_width, left, width, taps);
        body.push(within(ky, kernel_height, top, height, vec![row]));
        body.extend(finish(&sums));
        body
    }
}
