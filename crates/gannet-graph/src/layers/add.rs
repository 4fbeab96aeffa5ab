//! Sum of images or vectors: what closes a residual branch.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor, broadcast};

/// Element-wise sum; an extent of 1 stands for any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Add;

impl LayerKind for Add {
    const KIND: &'static str = "Add";
    const ARITY: Arity = Arity::Several;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        broadcast::joined(name, Self::KIND, inputs)
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        broadcast::fold(inputs, output, |a, b| a + b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_must_agree() {
        let (a, b) = (Shape::from([2, 2, 2]), Shape::from([2, 2, 3]));
        assert!(Add.output_shape("add", &[&a, &a]).is_ok());
        let error = Add.output_shape("add", &[&a, &b]).unwrap_err();
        assert!(error.to_string().contains("2×2×2 and 2×2×3"), "{error}");
    }
}
