//! Leaves values out in training; at inference it does nothing.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor};

/// In training sets each value to zero with probability `rate` and divides the others by
/// `1 − rate`; at inference passes its input on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    rate: f32,
}

impl Dropout {
    /// Leaves out a share `rate` of the values.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the rate is not in 0 … 1, 1 excluded.
    pub fn new(rate: f32) -> Result<Self, GraphError> {
        if (0.0..1.0).contains(&rate) {
            Ok(Dropout { rate })
        } else {
            Err(GraphError::Range {
                what: "the rate of a Dropout layer",
                found: rate.to_string(),
                expected: "at least 0 and below 1",
            })
        }
    }

    /// The share of values that is left out.
    pub fn rate(&self) -> f32 {
        self.rate
    }
}

impl LayerKind for Dropout {
    const KIND: &'static str = "Dropout";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, _name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        Ok(inputs[0].clone())
    }

    fn run(&self, inputs: &[&Tensor], _output: &Shape) -> Tensor {
        inputs[0].clone()
    }
}
