//! Maximum pooling: each window remembers which of its pixels won, and only that pixel gets
//! the window's gradient. Of equal pixels the first wins, row by row, as in TensorFlow.

use gannet_graph::{MaxPool2D, Shape};

use super::backend::Backend;
use super::operator::{Operator, Passed, Scratch};
use super::simd::{Kernel, Lanes, Simd};
use super::windows::Windows;

/// Maximum pooling over images of one size.
#[derive(Debug)]
pub struct MaxPool(Windows);

impl MaxPool {
    /// Pooling of images of shape `input`.
    pub fn new(layer: &MaxPool2D, input: &Shape, output: &Shape) -> Self {
        MaxPool(Windows::new(layer.window, input, output))
    }

    /// The largest value of each channel of images of shape `input`.
    pub fn global(input: &Shape) -> Self {
        MaxPool(Windows::whole(input))
    }
}

impl Operator for MaxPool {
    /// Which pixel of each window was the largest.
    fn kept(&self) -> usize {
        self.0.positions.len() * self.0.channels
    }

    fn forward(
        &self,
        backend: Backend,
        input: &[Lanes],
        output: &mut [Lanes],
        kept: &mut [Lanes],
        _scratch: &mut Scratch,
    ) {
        backend.run(Forward {
            windows: &self.0,
            input,
            output,
            winners: kept,
        });
    }

    fn backward(
        &self,
        backend: Backend,
        passed: Passed<'_>,
        gradient: &[Lanes],
        input_gradient: Option<&mut [Lanes]>,
        _weights_gradient: &mut [f32],
        _scratch: &mut Scratch,
    ) {
        if let Some(input_gradient) = input_gradient {
            backend.run(Backward {
                windows: &self.0,
                gradient,
                winners: passed.kept,
                input_gradient,
            });
        }
    }
}

struct Forward<'a> {
    windows: &'a Windows,
    input: &'a [Lanes],
    output: &'a mut [Lanes],
    winners: &'a mut [Lanes],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.windows.channels;
        for (i, window) in self.windows.positions.iter().enumerate() {
            let outputs = &mut self.output[i * channels..][..channels];
            let winners = &mut self.winners[i * channels..][..channels];
            for channel in 0..channels {
                let mut best = simd.splat(f32::NEG_INFINITY);
                let mut winner = simd.splat(0.0);
                for pixel in window {
                    let value = simd.load(&self.input[pixel.place + channel]);
                    winner = simd.if_greater(value, best, simd.splat(pixel.number), winner);
                    best = simd.max(best, value);
                }
                simd.store(best, &mut outputs[channel]);
                simd.store(winner, &mut winners[channel]);
            }
        }
    }
}

struct Backward<'a> {
    windows: &'a Windows,
    gradient: &'a [Lanes],
    winners: &'a [Lanes],
    input_gradient: &'a mut [Lanes],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.windows.channels;
        let zero = simd.splat(0.0);
        for gradient in self.input_gradient.iter_mut() {
            simd.store(zero, gradient);
        }
        for (i, window) in self.windows.positions.iter().enumerate() {
            let gradients = &self.gradient[i * channels..][..channels];
            let winners = &self.winners[i * channels..][..channels];
            for channel in 0..channels {
                let gradient = simd.load(&gradients[channel]);
                let winner = simd.load(&winners[channel]);
                for pixel in window {
                    let to = &mut self.input_gradient[pixel.place + channel];
                    let won = simd.if_equal(winner, simd.splat(pixel.number), gradient, zero);
                    simd.store(simd.add(simd.load(to), won), to);
                }
            }
        }
    }
}
