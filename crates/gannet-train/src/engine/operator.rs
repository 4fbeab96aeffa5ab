//! What every layer kind of the engine does.

use super::backend::Backend;
use super::rows::Rows;
use super::simd::Lanes;

/// A layer that reads one activation and writes another, for sixteen images at once.
pub trait Operator: Send + Sync + std::fmt::Debug {
    /// What it needs for one chunk of images.
    fn scratch(&self) -> Scratch {
        Scratch::default()
    }

    /// Takes new weights, in the order of [`gannet_graph::Layer::weights`], one after another.
    fn load(&mut self, _backend: Backend, _weights: &[f32]) {}

    /// Computes the output.
    fn forward(
        &self,
        backend: Backend,
        input: &[Lanes],
        output: &mut [Lanes],
        scratch: &mut Scratch,
    );

    /// From the gradient of the output to those of the input (overwritten, if it is asked
    /// for) and of the weights (overwritten, summed over the lanes). `scratch` is as `forward`
    /// left it.
    fn backward(
        &self,
        backend: Backend,
        gradient: &[Lanes],
        input_gradient: Option<&mut [Lanes]>,
        weights_gradient: &mut [f32],
        scratch: &mut Scratch,
    );
}

/// What an operator remembers between forward and backward, and where it works meanwhile.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The input, laid out for the window.
    pub rows: Option<Rows>,
    /// The output's gradient, laid out for the window.
    pub gradient_rows: Option<Rows>,
    /// One element a weight.
    pub sums: Vec<Lanes>,
    /// Which pixel of each window was the largest.
    pub winners: Vec<Lanes>,
}
