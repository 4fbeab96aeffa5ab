//! Convolution of each channel by itself, forward and backward.
//!
//! Channels lie innermost, so a tile is a few positions of a row and the loop over channels
//! runs through memory. Each sum is one chain of fused multiply-adds over window row and
//! window column, whatever the tile that computes it; what lies beyond the border is left out.

use std::ops::Range;

use gannet_graph::{DepthwiseConv2D, Shape};

use super::backend::Backend;
use super::operator::{Operator, Passed, Scratch};
use super::simd::{Kernel, Lanes, Simd};

/// A depthwise convolution of images of one size.
#[derive(Debug)]
pub struct Depthwise {
    grid: Grid,
    /// The gradient of the input is one too, by the kernel turned half around, if the window
    /// moves by one pixel and each channel has one kernel.
    turned: Option<Grid>,
    weights: Vec<f32>,
    turned_weights: Vec<f32>,
    bias: Vec<f32>,
}

/// The geometry.
#[derive(Debug, Clone, Copy)]
struct Grid {
    kernel: [usize; 2],
    stride: [usize; 2],
    /// Rows above and columns left of the image that the first position covers.
    before: [usize; 2],
    image: [usize; 2],
    output: [usize; 2],
    channels: usize,
    multiplier: usize,
}

impl Depthwise {
    /// The layer for images of shape `input`.
    pub fn new(layer: &DepthwiseConv2D, input: &Shape, output: &Shape) -> Self {
        let [height, width, channels] = input.as_image().expect("the graph checked the shape");
        let [rows, columns, _] = output.as_image().expect("the graph checked the shape");
        let window = layer.window();
        let grid = Grid {
            kernel: window.kernel(),
            stride: window.stride(),
            before: window.pad_before([height, width]),
            image: [height, width],
            output: [rows, columns],
            channels,
            multiplier: layer.multiplier(),
        };
        let turned = Grid {
            before: [0, 1].map(|axis| grid.kernel[axis] - 1 - grid.before[axis]),
            image: grid.output,
            output: grid.image,
            ..grid
        };
        Depthwise {
            grid,
            turned: (grid.stride == [1, 1] && grid.multiplier == 1).then_some(turned),
            weights: Vec::new(),
            turned_weights: Vec::new(),
            bias: Vec::new(),
        }
    }
}

impl Operator for Depthwise {
    fn scratch(&self) -> Scratch {
        Scratch {
            sums: vec![Lanes::ZERO; self.grid.weights()],
            ..Scratch::default()
        }
    }

    fn load(&mut self, _backend: Backend, weights: &[f32]) {
        let (kernel, bias) = weights.split_at(self.grid.weights());
        let outputs = self.grid.outputs();
        self.weights = kernel.to_vec();
        self.turned_weights = kernel.rchunks_exact(outputs).flatten().copied().collect();
        self.bias = if bias.is_empty() {
            vec![0.0; outputs]
        } else {
            bias.to_vec()
        };
    }

    fn forward(
        &self,
        backend: Backend,
        input: &[Lanes],
        output: &mut [Lanes],
        _kept: &mut [Lanes],
        _scratch: &mut Scratch,
    ) {
        backend.run(Forward {
            grid: &self.grid,
            weights: &self.weights,
            bias: &self.bias,
            input,
            output,
        });
    }

    fn backward(
        &self,
        backend: Backend,
        passed: Passed<'_>,
        gradient: &[Lanes],
        input_gradient: Option<&mut [Lanes]>,
        weights_gradient: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (kernel, bias) = weights_gradient.split_at_mut(self.grid.weights());
        backend.run(Products {
            grid: &self.grid,
            input: passed.input,
            gradient,
            sums: &mut scratch.sums,
            kernel,
            bias,
        });
        match (input_gradient, &self.turned) {
            (None, _) => {}
            (Some(output), Some(grid)) => backend.run(Forward {
                grid,
                weights: &self.turned_weights,
                bias: &vec![0.0; grid.channels],
                input: gradient,
                output,
            }),
            (Some(input_gradient), None) => backend.run(Scatter {
                grid: &self.grid,
                weights: &self.weights,
                gradient,
                input_gradient,
            }),
        }
    }
}

impl Grid {
    fn outputs(&self) -> usize {
        self.channels * self.multiplier
    }

    fn weights(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.outputs()
    }

    /// The window rows (`axis` 0) or columns (1) inside the image at a position.
    #[inline(always)]
    fn taps(&self, axis: usize, position: usize) -> Range<usize> {
        let start = position * self.stride[axis];
        let first = self.before[axis].saturating_sub(start);
        let last = (self.image[axis] + self.before[axis]).saturating_sub(start);
        first..last.min(self.kernel[axis])
    }

    /// The positions of a row whose windows lie between the left and the right border.
    fn inner(&self) -> Range<usize> {
        let whole = |x: &usize| self.taps(1, *x) == (0..self.kernel[1]);
        let first = (0..self.output[1]).find(whole).unwrap_or(self.output[1]);
        let count = (first..self.output[1]).take_while(whole).count();
        first..first + count
    }

    /// The first element of the pixel under a window element; both lie inside the image.
    #[inline(always)]
    fn pixel(&self, [y, x]: [usize; 2], [ky, kx]: [usize; 2]) -> usize {
        let row = y * self.stride[0] + ky - self.before[0];
        let column = x * self.stride[1] + kx - self.before[1];
        (row * self.image[1] + column) * self.channels
    }
}

struct Forward<'a> {
    grid: &'a Grid,
    /// `[window row, window column, output channel]`.
    weights: &'a [f32],
    bias: &'a [f32],
    input: &'a [Lanes],
    output: &'a mut [Lanes],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        match (S::REGISTERS, self.grid.kernel[1]) {
            (32, 3) => self.rows::<S, 8, 3>(simd),
            (32, 5) => self.rows::<S, 8, 5>(simd),
            (32, _) => self.rows::<S, 8, 1>(simd),
            (_, 3) => self.rows::<S, 2, 3>(simd),
            _ => self.rows::<S, 2, 1>(simd),
        }
    }
}

impl Forward<'_> {
    /// Tiles of `P` positions; `K` window columns at once.
    #[inline(always)]
    fn rows<S: Simd, const P: usize, const K: usize>(&mut self, simd: S) {
        let inner = self.grid.inner();
        for y in 0..self.grid.output[0] {
            let mut x = 0;
            while x < self.grid.output[1] {
                let rest = inner.end.saturating_sub(x);
                x += if !inner.contains(&x) {
                    self.border(simd, y, x)
                } else if rest >= P {
                    self.tile::<S, P, K>(simd, y, x)
                } else if rest >= 4 && P > 4 {
                    self.tile::<S, 4, K>(simd, y, x)
                } else {
                    self.tile::<S, 1, K>(simd, y, x)
                };
            }
        }
    }

    /// `P` positions from `x` on, none at the left or right border; returns `P`.
    #[inline(always)]
    fn tile<S: Simd, const P: usize, const K: usize>(
        &mut self,
        simd: S,
        y: usize,
        x: usize,
    ) -> usize {
        let grid = self.grid;
        let (channels, multiplier) = (grid.channels, grid.multiplier);
        let (outputs, step) = (grid.outputs(), grid.stride[1]);
        let taps = grid.taps(0, y);
        let width = grid.kernel[1];
        // The row of pixels under the tile, for each window row.
        let span = ((P - 1) * step + width) * channels;
        let start = (y * grid.output[1] + x) * outputs;
        let to = &mut self.output[start..start + P * outputs];
        assert!(outputs == channels * multiplier && self.bias.len() == outputs);
        assert!(width.is_multiple_of(K) && self.weights.len() == grid.weights());
        for out in 0..outputs {
            let channel = if multiplier == 1 {
                out
            } else {
                out / multiplier
            };
            let mut sums = [simd.splat(self.bias[out]); P];
            for ky in taps.clone() {
                let first = grid.pixel([y, x], [ky, 0]);
                let pixels = &self.input[first..first + span];
                for kx in (0..width).step_by(K) {
                    let mut weights = [simd.splat(0.0); K];
                    for (k, weight) in weights.iter_mut().enumerate() {
                        let place = (ky * width + kx + k) * outputs + out;
                        *weight = simd.splat(self.weights[place]);
                    }
                    for (p, sum) in sums.iter_mut().enumerate() {
                        for (k, &weight) in weights.iter().enumerate() {
                            let place = (p * step + kx + k) * channels + channel;
                            // SAFETY: `p * step + kx + k` is at most `(P − 1) · step + width − 1`
                            // and `channel` below `channels`, so the place lies in the span.
                            let input = simd.load(unsafe { pixels.get_unchecked(place) });
                            *sum = simd.fma(input, weight, *sum);
                        }
                    }
                }
            }
            for (p, sum) in sums.into_iter().enumerate() {
                simd.store(sum, &mut to[p * outputs + out]);
            }
        }
        P
    }

    /// One position at the left or right border; returns 1.
    #[inline(always)]
    fn border<S: Simd>(&mut self, simd: S, y: usize, x: usize) -> usize {
        let grid = self.grid;
        let (channels, multiplier, outputs) = (grid.channels, grid.multiplier, grid.outputs());
        let start = (y * grid.output[1] + x) * outputs;
        let to = &mut self.output[start..start + outputs];
        for (bias, to) in self.bias.iter().zip(to.iter_mut()) {
            simd.store(simd.splat(*bias), to);
        }
        for ky in grid.taps(0, y) {
            for kx in grid.taps(1, x) {
                let weights = &self.weights[(ky * grid.kernel[1] + kx) * outputs..][..outputs];
                let pixel = &self.input[grid.pixel([y, x], [ky, kx])..][..channels];
                for (out, (to, &weight)) in to.iter_mut().zip(weights).enumerate() {
                    let channel = if multiplier == 1 {
                        out
                    } else {
                        out / multiplier
                    };
                    let input = simd.load(&pixel[channel]);
                    simd.store(simd.fma(input, simd.splat(weight), simd.load(to)), to);
                }
            }
        }
        1
    }
}

/// The gradient of the kernel: inputs times gradients, summed over positions in lanes.
struct Products<'a> {
    grid: &'a Grid,
    input: &'a [Lanes],
    gradient: &'a [Lanes],
    /// One element a weight, to work in.
    sums: &'a mut [Lanes],
    kernel: &'a mut [f32],
    bias: &'a mut [f32],
}

impl Kernel for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        for sum in self.sums.iter_mut() {
            simd.store(simd.splat(0.0), sum);
        }
        // The order of the positions is the same in tiles of any size.
        match (S::REGISTERS, self.grid.kernel[1]) {
            (32, 3) => self.rows::<S, 8, 3>(simd),
            (32, 5) => self.rows::<S, 8, 5>(simd),
            (_, 3) => self.rows::<S, 4, 3>(simd),
            _ => self.rows::<S, 8, 1>(simd),
        }
        for (sum, gradient) in self.sums.iter().zip(self.kernel.iter_mut()) {
            *gradient = simd.sum(simd.load(sum));
        }
        let outputs = self.grid.outputs();
        for (out, bias) in self.bias.iter_mut().enumerate() {
            let mut sum = simd.splat(0.0);
            for gradient in self.gradient[out..].iter().step_by(outputs) {
                sum = simd.add(sum, simd.load(gradient));
            }
            *bias = simd.sum(sum);
        }
    }
}

impl Products<'_> {
    #[inline(always)]
    fn rows<S: Simd, const P: usize, const K: usize>(&mut self, simd: S) {
        let inner = self.grid.inner();
        for y in 0..self.grid.output[0] {
            let mut x = 0;
            while x < self.grid.output[1] {
                let rest = inner.end.saturating_sub(x);
                x += if !inner.contains(&x) {
                    self.border(simd, y, x)
                } else if rest >= P {
                    self.tile::<S, P, K>(simd, y, x)
                } else if rest >= 4 && P > 4 {
                    self.tile::<S, 4, K>(simd, y, x)
                } else {
                    self.tile::<S, 1, K>(simd, y, x)
                };
            }
        }
    }

    /// `P` positions from `x` on, none at the left or right border; returns `P`.
    #[inline(always)]
    fn tile<S: Simd, const P: usize, const K: usize>(
        &mut self,
        simd: S,
        y: usize,
        x: usize,
    ) -> usize {
        let grid = self.grid;
        let (channels, multiplier) = (grid.channels, grid.multiplier);
        let (outputs, step) = (grid.outputs(), grid.stride[1]);
        let width = grid.kernel[1];
        let span = ((P - 1) * step + width) * channels;
        let start = (y * grid.output[1] + x) * outputs;
        let gradients = &self.gradient[start..start + P * outputs];
        assert!(outputs == channels * multiplier && width.is_multiple_of(K));
        assert!(self.sums.len() == grid.weights());
        for out in 0..outputs {
            let channel = if multiplier == 1 {
                out
            } else {
                out / multiplier
            };
            let mut gradient = [simd.splat(0.0); P];
            for (p, gradient) in gradient.iter_mut().enumerate() {
                *gradient = simd.load(&gradients[p * outputs + out]);
            }
            for ky in grid.taps(0, y) {
                let first = grid.pixel([y, x], [ky, 0]);
                let pixels = &self.input[first..first + span];
                for kx in (0..width).step_by(K) {
                    for k in 0..K {
                        let sum = &mut self.sums[(ky * width + kx + k) * outputs + out];
                        let mut total = simd.load(sum);
                        for (p, &gradient) in gradient.iter().enumerate() {
                            let place = (p * step + kx + k) * channels + channel;
                            // SAFETY: as in `Forward::tile`.
                            let input = simd.load(unsafe { pixels.get_unchecked(place) });
                            total = simd.fma(input, gradient, total);
                        }
                        simd.store(total, sum);
                    }
                }
            }
        }
        P
    }

    /// One position at the left or right border; returns 1.
    #[inline(always)]
    fn border<S: Simd>(&mut self, simd: S, y: usize, x: usize) -> usize {
        let grid = self.grid;
        let (channels, multiplier, outputs) = (grid.channels, grid.multiplier, grid.outputs());
        let start = (y * grid.output[1] + x) * outputs;
        let gradients = &self.gradient[start..start + outputs];
        for ky in grid.taps(0, y) {
            for kx in grid.taps(1, x) {
                let sums = &mut self.sums[(ky * grid.kernel[1] + kx) * outputs..][..outputs];
                let pixel = &self.input[grid.pixel([y, x], [ky, kx])..][..channels];
                for (out, (sum, gradient)) in sums.iter_mut().zip(gradients).enumerate() {
                    let channel = if multiplier == 1 {
                        out
                    } else {
                        out / multiplier
                    };
                    let (input, gradient) = (simd.load(&pixel[channel]), simd.load(gradient));
                    simd.store(simd.fma(input, gradient, simd.load(sum)), sum);
                }
            }
        }
        1
    }
}

/// The gradient of the input for any step and any number of kernels: each position gives to
/// the pixels under its window.
struct Scatter<'a> {
    grid: &'a Grid,
    weights: &'a [f32],
    gradient: &'a [Lanes],
    input_gradient: &'a mut [Lanes],
}

impl Kernel for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let grid = self.grid;
        let (channels, multiplier, outputs) = (grid.channels, grid.multiplier, grid.outputs());
        for gradient in self.input_gradient.iter_mut() {
            simd.store(simd.splat(0.0), gradient);
        }
        for y in 0..grid.output[0] {
            for x in 0..grid.output[1] {
                let gradients = &self.gradient[(y * grid.output[1] + x) * outputs..][..outputs];
                for ky in grid.taps(0, y) {
                    for kx in grid.taps(1, x) {
                        let weights = &self.weights[(ky * grid.kernel[1] + kx) * outputs..];
                        let pixel = grid.pixel([y, x], [ky, kx]);
                        let to = &mut self.input_gradient[pixel..pixel + channels];
                        let kernels = weights[..outputs].chunks_exact(multiplier);
                        let each = to.iter_mut().zip(kernels);
                        for ((to, weights), gradients) in
                            each.zip(gradients.chunks_exact(multiplier))
                        {
                            let mut sum = simd.load(to);
                            for (&weight, gradient) in weights.iter().zip(gradients) {
                                sum = simd.fma(simd.load(gradient), simd.splat(weight), sum);
                            }
                            simd.store(sum, to);
                        }
                    }
                }
            }
        }
    }
}
