//! The largest of images or vectors, element by element.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor, broadcast};

/// Element-wise maximum; an extent of 1 stands for any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Maximum;

impl LayerKind for Maximum {
    const KIND: &'static str = "Maximum";
    const ARITY: Arity = Arity::Several;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        broadcast::joined(name, Self::KIND, inputs)
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        broadcast::fold(inputs, output, f64::max)
    }
}
