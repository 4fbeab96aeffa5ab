//! The smallest of images or vectors, element by element.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor, broadcast};

/// Element-wise minimum; an extent of 1 stands for any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Minimum;

impl LayerKind for Minimum {
    const KIND: &'static str = "Minimum";
    const ARITY: Arity = Arity::Several;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        broadcast::joined(name, Self::KIND, inputs)
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        broadcast::fold(inputs, output, f64::min)
    }
}
