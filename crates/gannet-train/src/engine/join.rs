//! Layers with several inputs: sums, and channels side by side.

use super::backend::Backend;
use super::simd::{Kernel, Lanes, Simd};

/// How inputs become one output.
#[derive(Debug)]
pub enum Join {
    /// Element by element, from the first input to the last.
    Add,
    /// Element by element, by something else than a sum.
    Fold(Fold),
    /// Row by row; how many elements of each input make a row.
    Concatenate(Vec<usize>),
}

/// What the elements of several inputs become, from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// The first minus the second.
    Subtract,
    /// All multiplied.
    Multiply,
    /// The largest; of equal ones the first counts.
    Maximum,
    /// The smallest; of equal ones the first counts.
    Minimum,
}

/// What is done with a gradient that arrives at a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is the first, or the only one.
    First,
    /// It is added to those of later readers of the value.
    Further,
}

impl Join {
    /// Computes the output from one input after another.
    pub fn forward(&self, backend: Backend, input: usize, from: &[Lanes], output: &mut [Lanes]) {
        match self {
            Join::Add if input == 0 => output.copy_from_slice(from),
            Join::Add => add(backend, from, output),
            Join::Fold(_) if input == 0 => output.copy_from_slice(from),
            Join::Fold(fold) => backend.run(FoldIn {
                fold: *fold,
                from,
                output,
            }),
            Join::Concatenate(channels) => {
                let (first, total) = place(channels, input);
                let rows = output.chunks_exact_mut(total);
                for (to, from) in rows.zip(from.chunks_exact(channels[input])) {
                    to[first..first + channels[input]].copy_from_slice(from);
                }
            }
        }
    }

    /// From the output's gradient to that of one of the `inputs`.
    pub fn backward(
        &self,
        backend: Backend,
        inputs: &[&[Lanes]],
        input: usize,
        gradient: &[Lanes],
        arrival: Arrival,
        to: &mut [Lanes],
    ) {
        match self {
            Join::Add => arrive(backend, gradient, arrival, to),
            Join::Fold(fold) => {
                if arrival == Arrival::First {
                    to.fill(Lanes::ZERO);
                }
                backend.run(FoldBack {
                    fold: *fold,
                    inputs,
                    input,
                    gradient,
                    to,
                });
            }
            Join::Concatenate(channels) => {
                let (first, total) = place(channels, input);
                let rows = gradient.chunks_exact(total);
                for (from, to) in rows.zip(to.chunks_exact_mut(channels[input])) {
                    arrive(backend, &from[first..first + channels[input]], arrival, to);
                }
            }
        }
    }
}

/// Where an input's channels begin in a row of the output, and how long such a row is.
fn place(channels: &[usize], input: usize) -> (usize, usize) {
    (
        channels[..input].iter().sum(),
        channels.iter().sum::<usize>(),
    )
}

/// Brings a gradient to its place.
pub fn arrive(backend: Backend, from: &[Lanes], arrival: Arrival, to: &mut [Lanes]) {
    match arrival {
        Arrival::First => to.copy_from_slice(from),
        Arrival::Further => add(backend, from, to),
    }
}

fn add(backend: Backend, from: &[Lanes], to: &mut [Lanes]) {
    backend.run(Sum { from, to });
}

struct Sum<'a> {
    from: &'a [Lanes],
    to: &'a mut [Lanes],
}

impl Kernel for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (from, to) in self.from.iter().zip(self.to) {
            simd.store(simd.add(simd.load(to), simd.load(from)), to);
        }
    }
}

struct FoldIn<'a> {
    fold: Fold,
    from: &'a [Lanes],
    output: &'a mut [Lanes],
}

impl Kernel for FoldIn<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (from, output) in self.from.iter().zip(self.output) {
            let (x, so_far) = (simd.load(from), simd.load(output));
            let folded = match self.fold {
                Fold::Subtract => simd.sub(so_far, x),
                Fold::Multiply => simd.mul(so_far, x),
                Fold::Maximum => simd.if_greater(x, so_far, x, so_far),
                Fold::Minimum => simd.if_greater(so_far, x, x, so_far),
            };
            simd.store(folded, output);
        }
    }
}

/// Adds the gradient by one input to what is there.
struct FoldBack<'a> {
    fold: Fold,
    inputs: &'a [&'a [Lanes]],
    input: usize,
    gradient: &'a [Lanes],
    to: &'a mut [Lanes],
}

impl Kernel for FoldBack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let zero = simd.splat(0.0);
        for (i, (gradient, to)) in self.gradient.iter().zip(self.to).enumerate() {
            let mut passed = simd.load(gradient);
            let own = simd.load(&self.inputs[self.input][i]);
            for (place, other) in self.inputs.iter().enumerate() {
                if place == self.input {
                    continue;
                }
                let other = simd.load(&other[i]);
                passed = match self.fold {
                    Fold::Subtract if self.input == 0 => passed,
                    Fold::Subtract => simd.sub(zero, passed),
                    Fold::Multiply => simd.mul(passed, other),
                    // Against an earlier input it has to win, against a later one not to lose.
                    Fold::Maximum if place < self.input => {
                        simd.if_greater(own, other, passed, zero)
                    }
                    Fold::Maximum => simd.if_greater(other, own, zero, passed),
                    Fold::Minimum if place < self.input => {
                        simd.if_greater(other, own, passed, zero)
                    }
                    Fold::Minimum => simd.if_greater(own, other, zero, passed),
                };
            }
            simd.store(simd.add(simd.load(to), passed), to);
        }
    }
}
