//! An image as one vector, in height, width, channel order.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor};

/// `[height, width, channels]` to `[height·width·channels]`; the values stay where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flatten;

impl LayerKind for Flatten {
    const KIND: &'static str = "Flatten";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, _name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        Ok(Shape::from([inputs[0].elements()]))
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        Tensor::from_fn(output.clone(), |i| inputs[0].data()[i])
    }
}
