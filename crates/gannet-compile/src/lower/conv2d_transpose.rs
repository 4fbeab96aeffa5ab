//! Transposed convolution: a block of filters at each place of the output is summed up from the
//! pixels whose multiples of the kernel reach it.

use gannet_graph::Conv2DTranspose;

use super::Lowering;
use super::channels::Weights;
use super::finish::Arithmetic;
use super::whole::{nest, where_inside};
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Derivation, Derive, Statement, Variable};

/// Filters that are summed up side by side: with their sums, an input and a weight fit the
/// registers.
const MOST_SUMS: usize = 8;
/// The same of integers.
const MOST_INTEGER_SUMS: usize = 4;

/// One of the two extents that the kernel moves along.
struct Axis {
    /// Elements of the kernel.
    kernel: usize,
    /// Places of the output from one pixel's kernel to the next pixel's.
    stride: usize,
    /// Places from one element of the kernel to the next.
    dilation: usize,
    /// Places that are cut off before the first of the output.
    cut: usize,
    /// Pixels of the image.
    pixels: usize,
}

impl Axis {
    /// `body` for each element of the kernel, `tap`, with which a pixel reaches `place`; the
    /// pixel's kernel begins at `begin`, before anything is cut off.
    fn taps(
        &self,
        place: Variable,
        [tap, begin, pixel]: [Variable; 3],
        body: Vec<Statement>,
    ) -> Vec<Statement> {
        let before = Affine::from(tap) * self.dilation as i64;
        let begins = Affine::from(place) + Affine::from(self.cut) - before;
        // No pixel's does between those of two pixels.
        let is_met = Affine::from(pixel) * self.stride as i64 - Affine::from(begin);
        let met = Statement::Derive(Derive {
            variable: pixel,
            value: begin.into(),
            by: Derivation::Begun {
                stride: self.stride,
                most: self.pixels - 1,
            },
            body: vec![Statement::If(vec![is_met], body)],
        });
        let behind = (self.pixels - 1) * self.stride + 1;
        let inside = where_inside(begin, begins, behind, vec![met]);
        vec![Statement::repeat(tap, 0_i64, self.kernel, vec![inside])]
    }
}

impl<'g> Lowering<'g> {
    pub(super) fn conv2d_transpose(
        &mut self,
        group: &Group,
        layer: &'g Conv2DTranspose,
        sources: &[usize],
    ) -> BufferId {
        let name = self.graph.node(group.first()).name();
        let source = self.wholes(group, sources).remove(0);
        let (buffer, target) = self.whole_target(group);
        let Arithmetic {
            finish,
            weights: kernel,
            bias,
        } = self.arithmetic(group, (layer.kernel(), layer.bias()), false);

        let [height, width, channels] = source.shape.as_image().expect("checked shape");
        let [rows, columns, filters] = target.shape.as_image().expect("checked shape");
        let window = layer.window();
        let axis = |axis: usize, pixels: usize| Axis {
            kernel: window.kernel()[axis],
            stride: window.stride()[axis],
            dilation: window.dilation()[axis],
            cut: layer.cut()[axis],
            pixels,
        };
        let (vertical, horizontal) = (axis(0, height), axis(1, width));
        let names = [
            "row", "column", "ky", "top", "y", "kx", "left", "x", "channel",
        ];
        let [row, column, ky, top, y, kx, left, x, channel] =
            names.map(|name| self.builder.variable(name));

        let most = match kernel {
            Weights::F32(_) => MOST_SUMS,
            Weights::I8(_) => MOST_INTEGER_SUMS,
        };
        let kernel_name = format!("{name}_kernel");
        let coded = self.coded(&kernel_name, kernel);
        let mut at_place = Vec::new();
        for blocks in self.blocks(filters, most) {
            let weights = self.block_weights(
                &kernel_name,
                &blocks,
                &[vertical.kernel, horizontal.kernel, channels],
                &coded,
                |tap, filter| match kernel {
                    // Of rows, columns, filters, channels.
                    Weights::F32(_) => {
                        (tap / channels * filters + filter) * channels + tap % channels
                    }
                    // Of rows, columns, channels, filters.
                    Weights::I8(_) => tap * filters + filter,
                },
            );
            let (sums, mut body) = self.accumulators(&blocks, bias, &finish);
            let pixel = source.at(&[y.into(), x.into(), channel.into()]);
            let factor = finish.factor(&self.builder, source.elements, pixel);
            let tap = [ky, kx, channel].map(Affine::from);
            let add = self.multiply_add(&blocks, &sums, (factor, &finish), weights, &tap);
            let add = vec![Statement::repeat(channel, 0_i64, channels, add)];
            let of_row = horizontal.taps(column, [kx, left, x], add);
            body.extend(vertical.taps(row, [ky, top, y], of_row));
            body.extend(
                blocks
                    .channels()
                    .into_iter()
                    .zip(sums)
                    .map(|(filter, sum)| {
                        let place = target.at(&[row.into(), column.into(), filter.clone()]);
                        Statement::Store(target.elements, place, finish.value(sum, &filter))
                    }),
            );
            at_place.extend(blocks.repeat(body));
        }
        self.stage(group, nest(&[row, column], &[rows, columns], at_place));
        buffer
    }
}
