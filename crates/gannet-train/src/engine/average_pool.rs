//! Average pooling, over windows and over whole images. Each pixel gets its share of its
//! windows' gradients.

use gannet_graph::{AveragePool2D, Shape};

use super::backend::Backend;
use super::operator::{Operator, Passed, Scratch};
use super::simd::{Kernel, Lanes, Simd};
use super::windows::Windows;

/// Mean pooling over images of one size; pixels outside the image do not count.
#[derive(Debug)]
pub struct AveragePool(Windows);

impl AveragePool {
    /// Pooling of images of shape `input`.
    pub fn new(layer: &AveragePool2D, input: &Shape, output: &Shape) -> Self {
        AveragePool(Windows::new(layer.window, input, output))
    }

    /// The mean of each channel of images of shape `input`.
    pub fn global(input: &Shape) -> Self {
        AveragePool(Windows::whole(input))
    }
}

impl Operator for AveragePool {
    fn forward(
        &self,
        backend: Backend,
        input: &[Lanes],
        output: &mut [Lanes],
        _kept: &mut [Lanes],
        _scratch: &mut Scratch,
    ) {
        backend.run(Forward {
            windows: &self.0,
            input,
            output,
        });
    }

    fn backward(
        &self,
        backend: Backend,
        _passed: Passed<'_>,
        gradient: &[Lanes],
        input_gradient: Option<&mut [Lanes]>,
        _weights_gradient: &mut [f32],
        _scratch: &mut Scratch,
    ) {
        if let Some(input_gradient) = input_gradient {
            backend.run(Backward {
                windows: &self.0,
                gradient,
                input_gradient,
            });
        }
    }
}

struct Forward<'a> {
    windows: &'a Windows,
    input: &'a [Lanes],
    output: &'a mut [Lanes],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let outputs = self.output.chunks_exact_mut(self.windows.channels);
        for (outputs, window) in outputs.zip(&self.windows.positions) {
            let count = simd.splat(window.len() as f32);
            for (channel, output) in outputs.iter_mut().enumerate() {
                let mut sum = simd.splat(0.0);
                for pixel in window {
                    sum = simd.add(sum, simd.load(&self.input[pixel.place + channel]));
                }
                simd.store(simd.div(sum, count), output);
            }
        }
    }
}

struct Backward<'a> {
    windows: &'a Windows,
    gradient: &'a [Lanes],
    input_gradient: &'a mut [Lanes],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for gradient in self.input_gradient.iter_mut() {
            simd.store(simd.splat(0.0), gradient);
        }
        let gradients = self.gradient.chunks_exact(self.windows.channels);
        for (gradients, window) in gradients.zip(&self.windows.positions) {
            let count = simd.splat(window.len() as f32);
            for (channel, gradient) in gradients.iter().enumerate() {
                let share = simd.div(simd.load(gradient), count);
                for pixel in window {
                    let to = &mut self.input_gradient[pixel.place + channel];
                    simd.store(simd.add(simd.load(to), share), to);
                }
            }
        }
    }
}
