//! Product of images or vectors: what weighs channels in squeeze-and-excitation blocks.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor, broadcast};

/// Element-wise product; an extent of 1 stands for any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Multiply;

impl LayerKind for Multiply {
    const KIND: &'static str = "Multiply";
    const ARITY: Arity = Arity::Several;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        broadcast::joined(name, Self::KIND, inputs)
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        broadcast::fold(inputs, output, |a, b| a * b)
    }
}
