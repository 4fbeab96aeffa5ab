//! Layers with several inputs: sums, and channels side by side.

use super::backend::Backend;
use super::simd::{Kernel, Lanes, Simd};

/// How inputs become one output.
#[derive(Debug)]
pub enum Join {
    /// Element by element, from the first input to the last.
    Add,
    /// Row by row; how many elements of each input make a row.
    Concatenate(Vec<usize>),
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
            Join::Concatenate(channels) => {
                let (first, total) = place(channels, input);
                let rows = output.chunks_exact_mut(total);
                for (to, from) in rows.zip(from.chunks_exact(channels[input])) {
                    to[first..first + channels[input]].copy_from_slice(from);
                }
            }
        }
    }

    /// From the output's gradient to that of one input.
    pub fn backward(
        &self,
        backend: Backend,
        input: usize,
        gradient: &[Lanes],
        arrival: Arrival,
        to: &mut [Lanes],
    ) {
        match self {
            Join::Add => arrive(backend, gradient, arrival, to),
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
