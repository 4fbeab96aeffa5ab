//! Maximum pooling: each window remembers which of its pixels won, and only that pixel gets
//! the window's gradient. Of equal pixels the first wins, row by row, as in TensorFlow.

use gannet_graph::{MaxPool2D, Shape};

use super::backend::Backend;
use super::operator::{Operator, Scratch};
use super::simd::{Kernel, Lanes, Simd};

/// Maximum pooling over images of one size.
#[derive(Debug)]
pub struct MaxPool {
    channels: usize,
    /// One an output position, row by row.
    windows: Vec<Vec<Pixel>>,
}

/// A pixel of the image in its window.
#[derive(Debug, Clone, Copy)]
struct Pixel {
    /// Its number in the window.
    number: f32,
    /// Its number in the image.
    place: usize,
}

impl MaxPool {
    /// Pooling of images of shape `input`.
    pub fn new(layer: &MaxPool2D, input: &Shape, output: &Shape) -> Self {
        let [height, width, channels] = input.as_image().expect("the graph checked the shape");
        let [rows, columns, _] = output.as_image().expect("the graph checked the shape");
        let [kernel, stride] = [layer.window.kernel(), layer.window.stride()];
        let before = layer.window.pad_before([height, width]);
        // The image row or column under element `k` of the window at `position`.
        let inside = |axis: usize, position: usize, k: usize| {
            let place = (position * stride[axis] + k).checked_sub(before[axis])?;
            (place < [height, width][axis]).then_some(place)
        };
        let window = |y: usize, x: usize| {
            let elements = (0..kernel[0] * kernel[1]).map(|i| (i, i / kernel[1], i % kernel[1]));
            elements
                .filter_map(|(i, ky, kx)| {
                    let place = inside(0, y, ky)? * width + inside(1, x, kx)?;
                    Some(Pixel {
                        number: i as f32,
                        place: place * channels,
                    })
                })
                .collect()
        };
        let windows = (0..rows * columns)
            .map(|i| window(i / columns, i % columns))
            .collect();
        MaxPool { channels, windows }
    }
}

impl Operator for MaxPool {
    fn scratch(&self) -> Scratch {
        let outputs = self.windows.len() * self.channels;
        Scratch {
            winners: vec![Lanes::ZERO; outputs],
            ..Scratch::default()
        }
    }

    fn forward(
        &self,
        backend: Backend,
        input: &[Lanes],
        output: &mut [Lanes],
        scratch: &mut Scratch,
    ) {
        backend.run(Forward {
            pool: self,
            input,
            output,
            winners: &mut scratch.winners,
        });
    }

    fn backward(
        &self,
        backend: Backend,
        gradient: &[Lanes],
        input_gradient: Option<&mut [Lanes]>,
        _weights_gradient: &mut [f32],
        scratch: &mut Scratch,
    ) {
        if let Some(input_gradient) = input_gradient {
            backend.run(Backward {
                pool: self,
                gradient,
                winners: &scratch.winners,
                input_gradient,
            });
        }
    }
}

struct Forward<'a> {
    pool: &'a MaxPool,
    input: &'a [Lanes],
    output: &'a mut [Lanes],
    winners: &'a mut [Lanes],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (pool, channels) = (self.pool, self.pool.channels);
        for (i, window) in pool.windows.iter().enumerate() {
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
    pool: &'a MaxPool,
    gradient: &'a [Lanes],
    winners: &'a [Lanes],
    input_gradient: &'a mut [Lanes],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (pool, channels) = (self.pool, self.pool.channels);
        let zero = simd.splat(0.0);
        for gradient in self.input_gradient.iter_mut() {
            simd.store(zero, gradient);
        }
        for (i, window) in pool.windows.iter().enumerate() {
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
