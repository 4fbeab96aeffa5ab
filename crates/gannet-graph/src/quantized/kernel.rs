//! Weights: small integers with a scale for all of them or one for each output channel.

use std::fmt;

use crate::{GraphError, Shape, quantized::element::check_scale};

/// How many bits of a weight's byte are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WeightBits {
    /// −8 to 7; two to a byte in a file.
    Four,
    /// −128 to 127.
    Eight,
}

impl WeightBits {
    /// The smallest and the largest weight.
    pub fn range(self) -> [i8; 2] {
        match self {
            WeightBits::Four => [-8, 7],
            WeightBits::Eight => [i8::MIN, i8::MAX],
        }
    }

    /// How many bytes `weights` of them take when packed.
    pub fn len_bytes(self, weights: usize) -> usize {
        match self {
            WeightBits::Four => weights.div_ceil(2),
            WeightBits::Eight => weights,
        }
    }
}

impl fmt::Display for WeightBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WeightBits::Four => "int4",
            WeightBits::Eight => "int8",
        })
    }
}

/// A kernel in the order of the float layers, without a zero point.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel {
    shape: Shape,
    values: Vec<i8>,
    bits: WeightBits,
    scales: Vec<f32>,
}

impl Kernel {
    /// Weights `values` that fill `shape`; one scale for all, or one for each output channel.
    ///
    /// # Errors
    /// [`GraphError::TensorLength`] if the values do not fill the shape, and
    /// [`GraphError::Range`] if a value is too large or a scale no normal positive number.
    pub fn new(
        shape: impl Into<Shape>,
        values: Vec<i8>,
        bits: WeightBits,
        scales: Vec<f32>,
    ) -> Result<Self, GraphError> {
        let shape = shape.into();
        if shape.elements() != values.len() {
            return Err(GraphError::TensorLength {
                shape,
                found: values.len(),
            });
        }
        let [low, high] = bits.range();
        if let Some(value) = values.iter().find(|value| !(low..=high).contains(value)) {
            return Err(GraphError::Range {
                what: "a weight",
                found: value.to_string(),
                expected: "within the range of its bits",
            });
        }
        scales.iter().try_for_each(|&scale| check_scale(scale))?;
        Ok(Kernel {
            shape,
            values,
            bits,
            scales,
        })
    }

    /// Its extents, as the layer has them.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The weights, row-major.
    pub fn values(&self) -> &[i8] {
        &self.values
    }

    /// How many bits a weight has.
    pub fn bits(&self) -> WeightBits {
        self.bits
    }

    /// One scale, or one for each output channel.
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }
}

/// What is added to each output channel's sum, at the scale of the products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bias {
    /// Added to sums of 32 bits.
    I32(Vec<i32>),
    /// Added to sums of 64 bits, behind an input of 16 bits.
    I64(Vec<i64>),
}

impl Bias {
    /// The bias of one output channel.
    pub fn get(&self, channel: usize) -> i64 {
        match self {
            Bias::I32(values) => values[channel].into(),
            Bias::I64(values) => values[channel],
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Bias::I32(values) => values.len(),
            Bias::I64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
