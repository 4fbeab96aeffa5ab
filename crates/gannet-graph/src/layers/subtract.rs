//! Difference of two images or vectors.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor, broadcast};

/// The first input minus the second, element by element; an extent of 1 stands for any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Subtract;

impl LayerKind for Subtract {
    const KIND: &'static str = "Subtract";
    const ARITY: Arity = Arity::Two;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        broadcast::joined(name, Self::KIND, inputs)
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        broadcast::fold(inputs, output, |a, b| a - b)
    }
}
