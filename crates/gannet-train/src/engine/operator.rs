//! What every layer kind with one input does.

use super::backend::Backend;
use super::rows::Rows;
use super::simd::Lanes;

/// A layer that reads one activation and writes another, for sixteen images at once.
pub trait Operator: Send + Sync + std::fmt::Debug {
    /// Where it works; one for each thread.
    fn scratch(&self) -> Scratch {
        Scratch::default()
    }

    /// How many elements it remembers of a chunk from `forward` to `backward`.
    fn kept(&self) -> usize {
        0
    }

    /// Takes new weights, in the order of [`gannet_graph::Layer::weights`], one after another.
    fn load(&mut self, _backend: Backend, _weights: &[f32]) {}

    /// Computes the output.
    fn forward(
        &self,
        backend: Backend,
        input: &[Lanes],
        output: &mut [Lanes],
        kept: &mut [Lanes],
        scratch: &mut Scratch,
    );

    /// Brings `scratch` to what `forward` left there, when other chunks came between.
    fn recall(&self, _backend: Backend, _input: &[Lanes], _scratch: &mut Scratch) {}

    /// From the gradient of the output to those of the input (overwritten, if it is asked
    /// for) and of the weights (overwritten, summed over the lanes). `passed.kept` and
    /// `scratch` are as `forward` left them.
    fn backward(
        &self,
        backend: Backend,
        passed: Passed<'_>,
        gradient: &[Lanes],
        input_gradient: Option<&mut [Lanes]>,
        weights_gradient: &mut [f32],
        scratch: &mut Scratch,
    );
}

/// What a chunk left on its way forward.
#[derive(Debug, Clone, Copy)]
pub struct Passed<'a> {
    /// The operator's input.
    pub input: &'a [Lanes],
    /// What it remembered.
    pub kept: &'a [Lanes],
}

/// Where an operator works on one chunk after another.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The input, laid out for the window.
    pub rows: Option<Rows>,
    /// The output's gradient, laid out for the window.
    pub gradient_rows: Option<Rows>,
    /// Sums to work in.
    pub sums: Vec<Lanes>,
}
