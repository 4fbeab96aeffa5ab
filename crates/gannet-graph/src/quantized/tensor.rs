//! A tensor of integers that stand for real numbers.

use std::fmt;

use crate::{GraphError, Shape, Tensor, quantized::Quantization};

/// What is known of an activation before it is computed.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorType {
    /// Its extents, without the batch.
    pub shape: Shape,
    /// What its integers stand for.
    pub quantization: Quantization,
}

impl TensorType {
    /// A tensor of `shape` whose integers stand for what `quantization` says.
    pub fn new(shape: impl Into<Shape>, quantization: Quantization) -> Self {
        TensorType {
            shape: shape.into(),
            quantization,
        }
    }

    /// How many bytes its values take.
    pub fn len_bytes(&self) -> usize {
        self.shape.elements() * self.quantization.element().len_bytes()
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.shape, self.quantization)
    }
}

/// A dense tensor, row-major, innermost extent last; every value is within the range of its
/// element type.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantizedTensor {
    tensor_type: TensorType,
    data: Vec<i32>,
}

impl QuantizedTensor {
    /// A tensor of `tensor_type` over `data`.
    ///
    /// # Errors
    /// [`GraphError::TensorLength`] if `data` does not fill the shape exactly, and
    /// [`GraphError::Range`] if a value does not fit the element type.
    pub fn new(tensor_type: TensorType, data: Vec<i32>) -> Result<Self, GraphError> {
        if tensor_type.shape.elements() != data.len() {
            return Err(GraphError::TensorLength {
                shape: tensor_type.shape,
                found: data.len(),
            });
        }
        let [low, high] = tensor_type.quantization.element().range();
        if let Some(value) = data.iter().find(|value| !(low..=high).contains(value)) {
            return Err(GraphError::Range {
                what: "a value of a tensor",
                found: value.to_string(),
                expected: "within the range of its element type",
            });
        }
        Ok(QuantizedTensor { tensor_type, data })
    }

    /// A tensor whose value at each flat position is `value(position)`, cut to the range of
    /// the element type.
    pub fn from_fn(tensor_type: TensorType, mut value: impl FnMut(usize) -> i32) -> Self {
        let [low, high] = tensor_type.quantization.element().range();
        let data = (0..tensor_type.shape.elements())
            .map(|i| value(i).clamp(low, high))
            .collect();
        QuantizedTensor { tensor_type, data }
    }

    /// The integers nearest to `tensor`.
    pub fn quantize(tensor: &Tensor, quantization: Quantization) -> Self {
        QuantizedTensor {
            tensor_type: TensorType::new(tensor.shape().clone(), quantization),
            data: tensor
                .data()
                .iter()
                .map(|&real| quantization.quantize(real))
                .collect(),
        }
    }

    /// The real numbers that the integers stand for.
    pub fn dequantize(&self) -> Tensor {
        let quantization = self.tensor_type.quantization;
        Tensor::from_fn(self.tensor_type.shape.clone(), |i| {
            quantization.dequantize(self.data[i])
        })
    }

    /// Extents and quantization.
    pub fn tensor_type(&self) -> &TensorType {
        &self.tensor_type
    }

    /// Its extents.
    pub fn shape(&self) -> &Shape {
        &self.tensor_type.shape
    }

    /// What its integers stand for.
    pub fn quantization(&self) -> Quantization {
        self.tensor_type.quantization
    }

    /// Its values, row-major.
    pub fn data(&self) -> &[i32] {
        &self.data
    }

    /// The value at flat position `i`, less the zero point.
    pub(super) fn centred(&self, i: usize) -> i32 {
        self.data[i] - self.tensor_type.quantization.zero_point()
    }
}
