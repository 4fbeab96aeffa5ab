//! The same values under another shape: flattening too.

use crate::{
    Arity, GraphError, Shape,
    quantized::{LayerKind, QuantizedTensor, TensorType},
};

/// Row-major values stay in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reshape {
    shape: Shape,
}

impl Reshape {
    /// A layer that gives tensors of `shape`.
    pub fn new(shape: impl Into<Shape>) -> Self {
        Reshape {
            shape: shape.into(),
        }
    }

    /// The shape of what it gives.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }
}

impl LayerKind for Reshape {
    const KIND: &'static str = "Reshape";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let found = &inputs[0].shape;
        if !self.shape.is_bounded() || self.shape.elements() != found.elements() {
            return Err(GraphError::Disagree {
                layer: name.to_owned(),
                kind: Self::KIND,
                rule: "both have to hold the same number of values",
                first: found.clone(),
                other: self.shape.clone(),
            });
        }
        Ok(TensorType::new(self.shape.clone(), inputs[0].quantization))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("target_shape", self.shape.to_string())]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        QuantizedTensor::from_fn(output.clone(), |i| inputs[0].data()[i])
    }
}
