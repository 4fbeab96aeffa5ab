//! A shape and as many `f32` as it holds, row-major.

use crate::{GraphError, Shape};

/// A dense `f32` tensor, row-major, innermost extent last.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    shape: Shape,
    data: Vec<f32>,
}

impl Tensor {
    /// A tensor of `shape` over `data`.
    ///
    /// # Errors
    /// [`GraphError::TensorLength`] if `data` does not fill the shape exactly.
    pub fn new(shape: impl Into<Shape>, data: Vec<f32>) -> Result<Self, GraphError> {
        let shape = shape.into();
        if shape.elements() == data.len() {
            Ok(Tensor { shape, data })
        } else {
            Err(GraphError::TensorLength {
                shape,
                found: data.len(),
            })
        }
    }

    /// A tensor of zeros.
    pub fn zeros(shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        let data = vec![0.0; shape.elements()];
        Tensor { shape, data }
    }

    /// A tensor whose value at each flat position is `value(position)`.
    pub fn from_fn(shape: impl Into<Shape>, value: impl FnMut(usize) -> f32) -> Self {
        let shape = shape.into();
        let data = (0..shape.elements()).map(value).collect();
        Tensor { shape, data }
    }

    /// Its extents.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Its values, row-major.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// Its values, to be changed in place.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The same values under another shape of as many elements.
    ///
    /// # Errors
    /// [`GraphError::TensorLength`] if the element counts differ.
    pub fn reshaped(self, shape: impl Into<Shape>) -> Result<Self, GraphError> {
        Tensor::new(shape, self.data)
    }
}
