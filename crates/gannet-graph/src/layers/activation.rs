//! An activation function as a layer of its own.

use crate::{Arity, Function, GraphError, LayerKind, Shape, Tensor};

/// Applies a [`Function`] to every value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activation {
    /// What is applied.
    pub function: Function,
}

impl Activation {
    /// A layer that applies `function`.
    pub const fn new(function: Function) -> Self {
        Activation { function }
    }
}

impl LayerKind for Activation {
    const KIND: &'static str = "Activation";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, _name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        Ok(inputs[0].clone())
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("activation", self.function.to_string())]
    }

    fn run(&self, inputs: &[&Tensor], _output: &Shape) -> Tensor {
        let mut values = inputs[0].clone();
        let channels = values.shape().channels();
        self.function.apply(values.data_mut(), channels);
        values
    }
}
