//! Layers that do the same to each value of a channel: rescaling by constants, and the ReLU with
//! learnt slopes.

use gannet_graph::{PReLU, Rescaling, ScaleShift, Shape};

use super::backend::Backend;
use super::operator::{Operator, Passed, Scratch};
use super::simd::{Kernel, Lanes, Simd};

/// `scale · x + offset` with constants for each channel.
#[derive(Debug)]
pub struct Scale(Vec<[f32; 2]>);

impl Scale {
    /// Rescaling of `channels` channels.
    pub fn new(layer: &Rescaling, channels: usize) -> Self {
        let of = |channel| {
            let ScaleShift { scale, shift } = layer.scale_shift(channel);
            [scale as f32, shift as f32]
        };
        Scale((0..channels).map(of).collect())
    }
}

impl Operator for Scale {
    fn forward(
        &self,
        backend: Backend,
        input: &[Lanes],
        output: &mut [Lanes],
        _kept: &mut [Lanes],
        _scratch: &mut Scratch,
    ) {
        backend.run(ScaleShiftAll {
            each: &self.0,
            with_shift: true,
            from: input,
            to: output,
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
            backend.run(ScaleShiftAll {
                each: &self.0,
                with_shift: false,
                from: gradient,
                to: input_gradient,
            });
        }
    }
}

struct ScaleShiftAll<'a> {
    each: &'a [[f32; 2]],
    /// Gradients are scaled only.
    with_shift: bool,
    from: &'a [Lanes],
    to: &'a mut [Lanes],
}

impl Kernel for ScaleShiftAll<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for ((from, to), &[scale, shift]) in
            self.from.iter().zip(self.to).zip(self.each.iter().cycle())
        {
            let shift = simd.splat(if self.with_shift { shift } else { 0.0 });
            simd.store(simd.fma(simd.splat(scale), simd.load(from), shift), to);
        }
    }
}

/// `x` where it is positive, `alpha · x` elsewhere.
#[derive(Debug)]
pub struct Slopes {
    alpha: Vec<f32>,
    /// For each element which slope is its own.
    places: Vec<usize>,
}

impl Slopes {
    /// A layer on tensors of shape `input`.
    pub fn new(layer: &PReLU, input: &Shape) -> Self {
        let shared = layer.alpha().shape().dims();
        let place = |i: usize| {
            let extents = input.dims().iter().zip(shared).rev();
            let (_, place, _) = extents.fold((i, 0, 1), |(rest, place, stride), (&dim, &own)| {
                let index = if own == 1 { 0 } else { rest % dim };
                (rest / dim, place + index * stride, stride * own)
            });
            place
        };
        Slopes {
            alpha: layer.alpha().data().to_vec(),
            places: (0..input.elements()).map(place).collect(),
        }
    }
}

impl Operator for Slopes {
    fn scratch(&self) -> Scratch {
        Scratch {
            sums: vec![Lanes::ZERO; self.alpha.len()],
            ..Scratch::default()
        }
    }

    fn load(&mut self, _backend: Backend, weights: &[f32]) {
        self.alpha.copy_from_slice(weights);
    }

    fn forward(
        &self,
        backend: Backend,
        input: &[Lanes],
        output: &mut [Lanes],
        _kept: &mut [Lanes],
        _scratch: &mut Scratch,
    ) {
        backend.run(Bend {
            slopes: self,
            input,
            from: input,
            to: output,
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
        backend.run(SlopeGradient {
            places: &self.places,
            input: passed.input,
            gradient,
            sums: &mut scratch.sums,
            weights_gradient,
        });
        if let Some(input_gradient) = input_gradient {
            backend.run(Bend {
                slopes: self,
                input: passed.input,
                from: gradient,
                to: input_gradient,
            });
        }
    }
}

/// Multiplies by the slope where the input is not positive.
struct Bend<'a> {
    slopes: &'a Slopes,
    input: &'a [Lanes],
    from: &'a [Lanes],
    to: &'a mut [Lanes],
}

impl Kernel for Bend<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let zero = simd.splat(0.0);
        for (i, &place) in self.slopes.places.iter().enumerate() {
            let from = simd.load(&self.from[i]);
            let below = simd.mul(simd.splat(self.slopes.alpha[place]), from);
            let bent = simd.if_greater(simd.load(&self.input[i]), zero, from, below);
            simd.store(bent, &mut self.to[i]);
        }
    }
}

struct SlopeGradient<'a> {
    places: &'a [usize],
    input: &'a [Lanes],
    gradient: &'a [Lanes],
    sums: &'a mut [Lanes],
    weights_gradient: &'a mut [f32],
}

impl Kernel for SlopeGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let zero = simd.splat(0.0);
        self.sums.fill(Lanes::ZERO);
        for (i, &place) in self.places.iter().enumerate() {
            let input = simd.load(&self.input[i]);
            let below = simd.if_greater(input, zero, zero, input);
            let sum = &mut self.sums[place];
            let more = simd.fma(below, simd.load(&self.gradient[i]), simd.load(sum));
            simd.store(more, sum);
        }
        for (gradient, sum) in self.weights_gradient.iter_mut().zip(self.sums.iter()) {
            *gradient = simd.sum(simd.load(sum));
        }
    }
}
