//! Batch normalization: in training by the mean and variance of the whole batch, else by the
//! moving ones.
//!
//! Each chunk measures itself twice over, first its means and then the squares around them;
//! chunks are combined in order and in `f64`, so the statistics depend neither on threads nor
//! on the processor, and nothing cancels.

use std::ops::Range;

use gannet_graph::BatchNormalization;

use super::backend::Backend;
use super::simd::{Kernel, LANES, Lanes, Simd};

/// Normalization of each channel (Ioffe and Szegedy, "Batch Normalization", 2015).
#[derive(Debug)]
pub struct Normalization {
    channels: usize,
    epsilon: f64,
    momentum: f64,
    has_gamma: bool,
    has_beta: bool,
    gamma: Vec<f32>,
    beta: Vec<f32>,
    /// With the moving statistics.
    moving: Affine,
}

/// `(x − mean) · scale + shift`, channel by channel.
#[derive(Debug, Clone, Default)]
pub struct Affine {
    mean: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

/// What one chunk measured, channel by channel.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    count: f64,
    mean: Vec<f64>,
    /// The sum of `(x − mean)²`.
    squares: Vec<f64>,
}

/// How a chunk's gradient leans, channel by channel: `Σ g` and `Σ g · (x − mean)`.
#[derive(Debug, Clone, Default)]
pub struct Leaning {
    sums: Vec<f64>,
    products: Vec<f64>,
}

/// A batch on its way through the layer.
#[derive(Debug, Clone, Default)]
pub struct Batchwise {
    moments: Measured,
    affine: Affine,
    back: Back,
}

/// The way back: the input's gradient is `g · slope + (x − mean) · pull + constant`.
#[derive(Debug, Clone, Default)]
struct Back {
    slope: Vec<f32>,
    pull: Vec<f32>,
    constant: Vec<f32>,
}

impl Normalization {
    /// The layer.
    pub fn new(layer: &BatchNormalization) -> Self {
        Normalization {
            channels: layer.channels(),
            epsilon: f64::from(layer.epsilon()),
            momentum: f64::from(layer.momentum),
            has_gamma: layer.gamma().is_some(),
            has_beta: layer.beta().is_some(),
            gamma: Vec::new(),
            beta: Vec::new(),
            moving: Affine::default(),
        }
    }

    /// Takes new weights: gamma and beta if there are, the moving mean and variance.
    pub fn load(&mut self, weights: &[f32]) {
        let [gamma, beta, mean, variance] = self.places().map(|place| &weights[place]);
        let or = |values: &[f32], default: f32| match values {
            [] => vec![default; self.channels],
            values => values.to_vec(),
        };
        let (gamma, beta) = (or(gamma, 1.0), or(beta, 0.0));
        let statistics = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect();
        let (mean, variance): (Vec<f64>, Vec<f64>) = (statistics(mean), statistics(variance));
        self.gamma = gamma;
        self.beta = beta;
        self.moving = self.affine(&mean, &variance);
    }

    /// Where gamma, beta, mean and variance lie among the layer's weights.
    fn places(&self) -> [Range<usize>; 4] {
        let mut end = 0;
        [self.has_gamma, self.has_beta, true, true].map(|there| {
            let start = end;
            end += if there { self.channels } else { 0 };
            start..end
        })
    }

    fn affine(&self, mean: &[f64], variance: &[f64]) -> Affine {
        let scale = |(&gamma, &variance): (&f32, &f64)| f64::from(gamma) * self.inverse(variance);
        Affine {
            mean: mean.iter().map(|&mean| mean as f32).collect(),
            scale: self
                .gamma
                .iter()
                .zip(variance)
                .map(|pair| scale(pair) as f32)
                .collect(),
            shift: self.beta.clone(),
        }
    }

    /// `1 / √(variance + ε)`.
    fn inverse(&self, variance: f64) -> f64 {
        1.0 / (variance + self.epsilon).sqrt()
    }

    /// Normalizes by the batch, or else by the moving statistics.
    pub fn forward(
        &self,
        backend: Backend,
        batch: Option<&Batchwise>,
        input: &[Lanes],
        output: &mut [Lanes],
    ) {
        let affine = batch.map_or(&self.moving, |batch| &batch.affine);
        backend.run(Apply {
            affine,
            input,
            output,
        });
    }

    /// Measures a chunk of `live` images.
    pub fn measure(&self, backend: Backend, input: &[Lanes], live: usize) -> Measured {
        let count = (input.len() / self.channels * live) as f64;
        let mut sums = vec![Lanes::ZERO; self.channels];
        backend.run(Sums {
            input,
            sums: &mut sums,
        });
        let means: Vec<f64> = sums.iter().map(|sum| over(sum, live) / count).collect();
        let rounded: Vec<f32> = means.iter().map(|&mean| mean as f32).collect();
        backend.run(Squares {
            input,
            means: &rounded,
            sums: &mut sums,
        });
        let squares = sums.iter().zip(&means).zip(&rounded);
        let squares = squares.map(|((sum, mean), &rounded)| {
            let aside = mean - f64::from(rounded);
            over(sum, live) - count * aside * aside
        });
        Measured {
            count,
            squares: squares.collect(),
            mean: means,
        }
    }

    /// The batch that these chunks make.
    pub fn batch(&self, chunks: impl Iterator<Item = Measured>) -> Batchwise {
        let moments = chunks.reduce(Measured::with).unwrap_or_default();
        Batchwise {
            affine: self.affine(&moments.mean, &moments.variance()),
            moments,
            back: Back::default(),
        }
    }

    /// How a chunk's gradient leans. Lanes without an image have no gradient.
    pub fn lean(
        &self,
        backend: Backend,
        batch: &Batchwise,
        input: &[Lanes],
        gradient: &[Lanes],
    ) -> Leaning {
        let mut sums = vec![Lanes::ZERO; self.channels];
        let mut products = vec![Lanes::ZERO; self.channels];
        backend.run(Lean {
            input,
            gradient,
            means: &batch.affine.mean,
            sums: &mut sums,
            products: &mut products,
        });
        let all = |sums: &[Lanes]| sums.iter().map(|sum| over(sum, LANES)).collect();
        Leaning {
            sums: all(&sums),
            products: all(&products),
        }
    }

    /// Finds the way back, and writes the gradient of the layer's weights.
    pub fn turn(
        &self,
        batch: &mut Batchwise,
        chunks: impl Iterator<Item = Leaning>,
        weights_gradient: &mut [f32],
    ) {
        let leaning = chunks.reduce(Leaning::with).unwrap_or_default();
        let [gamma, beta, ..] = self.places();
        let count = batch.moments.count;
        let mut back = Back::default();
        let each = batch.moments.variance().into_iter().zip(&self.gamma);
        for (channel, (variance, &weight)) in each.enumerate() {
            let inverse = self.inverse(variance);
            let slope = f64::from(weight) * inverse;
            let (sum, product) = (leaning.sums[channel], leaning.products[channel]);
            back.slope.push(slope as f32);
            back.pull
                .push((-slope * inverse * inverse * product / count) as f32);
            back.constant.push((-slope * sum / count) as f32);
            if self.has_gamma {
                weights_gradient[gamma.start + channel] = (product * inverse) as f32;
            }
            if self.has_beta {
                weights_gradient[beta.start + channel] = sum as f32;
            }
        }
        batch.back = back;
    }

    /// From the gradient of the output to that of the input of `live` images.
    pub fn backward(
        &self,
        backend: Backend,
        batch: &Batchwise,
        live: usize,
        input: &[Lanes],
        gradient: &[Lanes],
        input_gradient: &mut [Lanes],
    ) {
        backend.run(Return {
            back: &batch.back,
            means: &batch.affine.mean,
            input,
            gradient,
            input_gradient,
        });
        if live < LANES {
            for element in input_gradient {
                element.0[live..].fill(0.0);
            }
        }
    }

    /// Moves the statistics among the layer's weights towards the batch's, as Keras does: the
    /// variance is that of the batch itself (PyTorch corrects it by n / (n − 1)).
    pub fn move_statistics(&self, batch: &Batchwise, weights: &mut [f32]) {
        let [_, _, mean, variance] = self.places();
        let moments = [&batch.moments.mean, &batch.moments.variance()];
        for (place, values) in [mean, variance].into_iter().zip(moments) {
            for (weight, value) in weights[place].iter_mut().zip(values) {
                let moved = self.momentum * f64::from(*weight) + (1.0 - self.momentum) * value;
                *weight = moved as f32;
            }
        }
    }
}

impl Measured {
    fn variance(&self) -> Vec<f64> {
        self.squares
            .iter()
            .map(|sum| sum.max(0.0) / self.count)
            .collect()
    }

    /// Both together (Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for
    /// Computing Sample Variances", 1979).
    fn with(mut self, other: Measured) -> Measured {
        let count = self.count + other.count;
        for channel in 0..self.mean.len() {
            let apart = other.mean[channel] - self.mean[channel];
            self.mean[channel] += apart * other.count / count;
            self.squares[channel] +=
                other.squares[channel] + apart * apart * self.count * other.count / count;
        }
        self.count = count;
        self
    }
}

impl Leaning {
    fn with(mut self, other: Leaning) -> Leaning {
        let add = |to: &mut [f64], from: &[f64]| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        };
        add(&mut self.sums, &other.sums);
        add(&mut self.products, &other.products);
        self
    }
}

/// The sum over the first lanes, in order.
fn over(sum: &Lanes, live: usize) -> f64 {
    sum.0[..live].iter().map(|&x| f64::from(x)).sum()
}

struct Apply<'a> {
    affine: &'a Affine,
    input: &'a [Lanes],
    output: &'a mut [Lanes],
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.affine.mean.len();
        let (mean, scale) = (
            &self.affine.mean[..channels],
            &self.affine.scale[..channels],
        );
        let shift = &self.affine.shift[..channels];
        let rows = self.output.chunks_exact_mut(channels);
        for (output, input) in rows.zip(self.input.chunks_exact(channels)) {
            for c in 0..channels {
                let over = simd.sub(simd.load(&input[c]), simd.splat(mean[c]));
                let value = simd.fma(over, simd.splat(scale[c]), simd.splat(shift[c]));
                simd.store(value, &mut output[c]);
            }
        }
    }
}

/// How many rows of channels are added before they meet the sum in memory.
const ROWS: usize = 4;

/// Sums over the positions.
struct Sums<'a> {
    input: &'a [Lanes],
    sums: &'a mut [Lanes],
}

impl Kernel for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.sums.len();
        for sum in self.sums.iter_mut() {
            simd.store(simd.splat(0.0), sum);
        }
        for rows in self.input.chunks(ROWS * channels) {
            for (c, sum) in self.sums.iter_mut().enumerate() {
                let mut total = simd.load(sum);
                for row in rows.chunks_exact(channels) {
                    total = simd.add(total, simd.load(&row[c]));
                }
                simd.store(total, sum);
            }
        }
    }
}

/// Sums of `(x − mean)²` over the positions.
struct Squares<'a> {
    input: &'a [Lanes],
    means: &'a [f32],
    sums: &'a mut [Lanes],
}

impl Kernel for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.sums.len();
        for sum in self.sums.iter_mut() {
            simd.store(simd.splat(0.0), sum);
        }
        for rows in self.input.chunks(ROWS * channels) {
            for (c, sum) in self.sums.iter_mut().enumerate() {
                let mean = simd.splat(self.means[c]);
                let mut total = simd.load(sum);
                for row in rows.chunks_exact(channels) {
                    let over = simd.sub(simd.load(&row[c]), mean);
                    total = simd.fma(over, over, total);
                }
                simd.store(total, sum);
            }
        }
    }
}

/// Sums of the gradient, alone and times `x − mean`, over the positions.
struct Lean<'a> {
    input: &'a [Lanes],
    gradient: &'a [Lanes],
    means: &'a [f32],
    sums: &'a mut [Lanes],
    products: &'a mut [Lanes],
}

impl Kernel for Lean<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.sums.len();
        for sum in self.sums.iter_mut().chain(self.products.iter_mut()) {
            simd.store(simd.splat(0.0), sum);
        }
        let inputs = self.input.chunks(ROWS * channels);
        for (inputs, gradients) in inputs.zip(self.gradient.chunks(ROWS * channels)) {
            for c in 0..channels {
                let mean = simd.splat(self.means[c]);
                let mut sum = simd.load(&self.sums[c]);
                let mut product = simd.load(&self.products[c]);
                let rows = inputs.chunks_exact(channels);
                for (input, gradient) in rows.zip(gradients.chunks_exact(channels)) {
                    let gradient = simd.load(&gradient[c]);
                    let over = simd.sub(simd.load(&input[c]), mean);
                    sum = simd.add(sum, gradient);
                    product = simd.fma(gradient, over, product);
                }
                simd.store(sum, &mut self.sums[c]);
                simd.store(product, &mut self.products[c]);
            }
        }
    }
}

/// The gradient of the input.
struct Return<'a> {
    back: &'a Back,
    means: &'a [f32],
    input: &'a [Lanes],
    gradient: &'a [Lanes],
    input_gradient: &'a mut [Lanes],
}

impl Kernel for Return<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.means.len();
        let Back {
            slope,
            pull,
            constant,
        } = self.back;
        let (slope, pull) = (&slope[..channels], &pull[..channels]);
        let constant = &constant[..channels];
        let rows = self.input_gradient.chunks_exact_mut(channels);
        let rows = rows.zip(self.input.chunks_exact(channels));
        for ((to, input), gradient) in rows.zip(self.gradient.chunks_exact(channels)) {
            for c in 0..channels {
                let over = simd.sub(simd.load(&input[c]), simd.splat(self.means[c]));
                let rest = simd.fma(over, simd.splat(pull[c]), simd.splat(constant[c]));
                let value = simd.fma(simd.load(&gradient[c]), simd.splat(slope[c]), rest);
                simd.store(value, &mut to[c]);
            }
        }
    }
}
