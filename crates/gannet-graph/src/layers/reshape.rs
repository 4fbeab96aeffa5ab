//! The same values under another shape.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor};

/// Gives a tensor the extents `shape`; the values stay where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reshape {
    /// The extents, as many elements as come in.
    pub shape: Shape,
}

impl Reshape {
    /// A layer that gives tensors of `shape`.
    pub fn new(shape: impl Into<Shape>) -> Self {
        Reshape {
            shape: shape.into(),
        }
    }
}

impl LayerKind for Reshape {
    const KIND: &'static str = "Reshape";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        if self.shape.is_bounded() && self.shape.elements() == inputs[0].elements() {
            return Ok(self.shape.clone());
        }
        Err(GraphError::Reshape {
            layer: name.to_owned(),
            found: inputs[0].clone(),
            shape: self.shape.clone(),
        })
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("target_shape", self.shape.to_string())]
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        Tensor::from_fn(output.clone(), |i| inputs[0].data()[i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_lost() {
        let layer = Reshape::new([2, 3, 1]);
        assert!(layer.output_shape("reshape", &[&Shape::from([6])]).is_ok());
        let error = layer.output_shape("reshape", &[&Shape::from([7])]);
        let text = error.unwrap_err().to_string();
        assert!(text.contains("7 into 2×3×1"), "{text}");
    }
}
