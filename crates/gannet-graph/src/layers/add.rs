//! Sum of images or vectors of one shape: what closes a residual branch.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor};

/// Element-wise sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Add;

impl LayerKind for Add {
    const KIND: &'static str = "Add";
    const ARITY: Arity = Arity::Several;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        let first = inputs[0];
        match inputs.iter().find(|shape| **shape != first) {
            None => Ok(first.clone()),
            Some(other) => Err(GraphError::Disagree {
                layer: name.to_owned(),
                kind: Self::KIND,
                rule: "all inputs have one shape",
                first: first.clone(),
                other: (*other).clone(),
            }),
        }
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        Tensor::from_fn(output.clone(), |i| {
            inputs
                .iter()
                .map(|input| f64::from(input.data()[i]))
                .sum::<f64>() as f32
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_must_agree() {
        let (a, b) = (Shape::from([2, 2, 1]), Shape::from([2, 2, 3]));
        assert!(Add.output_shape("add", &[&a, &a]).is_ok());
        let error = Add.output_shape("add", &[&a, &b]).unwrap_err();
        assert!(error.to_string().contains("2×2×1 and 2×2×3"), "{error}");
    }
}
