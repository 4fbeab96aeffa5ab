//! A border of zeros around images of one size.

use gannet_graph::{Shape, ZeroPadding2D};

use super::backend::Backend;
use super::operator::{Operator, Passed, Scratch};
use super::simd::Lanes;

/// Copies rows into a larger image, and their gradient out of it.
#[derive(Debug)]
pub struct Padding {
    /// Elements of a row of the image.
    row: usize,
    /// Elements of a row of the larger image.
    padded_row: usize,
    /// Where the first row begins in the larger image.
    first: usize,
}

impl Padding {
    /// The border around images of shape `input`.
    pub fn new(layer: &ZeroPadding2D, input: &Shape, output: &Shape) -> Self {
        let [_, width, channels] = input.as_image().expect("the graph checked the shape");
        let [_, padded_width, _] = output.as_image().expect("the graph checked the shape");
        Padding {
            row: width * channels,
            padded_row: padded_width * channels,
            first: (layer.vertical[0] * padded_width + layer.horizontal[0]) * channels,
        }
    }
}

impl Operator for Padding {
    fn forward(
        &self,
        _backend: Backend,
        input: &[Lanes],
        output: &mut [Lanes],
        _kept: &mut [Lanes],
        _scratch: &mut Scratch,
    ) {
        output.fill(Lanes::ZERO);
        for (y, row) in input.chunks_exact(self.row).enumerate() {
            let start = self.first + y * self.padded_row;
            output[start..start + self.row].copy_from_slice(row);
        }
    }

    fn backward(
        &self,
        _backend: Backend,
        _passed: Passed<'_>,
        gradient: &[Lanes],
        input_gradient: Option<&mut [Lanes]>,
        _weights_gradient: &mut [f32],
        _scratch: &mut Scratch,
    ) {
        let Some(input_gradient) = input_gradient else {
            return;
        };
        for (y, row) in input_gradient.chunks_exact_mut(self.row).enumerate() {
            let start = self.first + y * self.padded_row;
            row.copy_from_slice(&gradient[start..start + self.row]);
        }
    }
}
