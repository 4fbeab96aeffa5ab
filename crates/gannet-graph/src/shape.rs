//! The extents of a tensor, without the batch.

use std::fmt;

/// Extents, outermost first: `[height, width, channels]`, `[features]`, or a kernel's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// The extents, outermost first.
    pub fn dims(&self) -> &[usize] {
        &self.0
    }

    /// How many numbers a tensor of this shape holds.
    pub fn elements(&self) -> usize {
        self.0.iter().product()
    }

    /// The innermost extent: channels of an image, features of a vector; 1 for a scalar.
    pub fn channels(&self) -> usize {
        self.0.last().copied().unwrap_or(1)
    }

    /// `[height, width, channels]` if this is an image's shape.
    pub fn as_image(&self) -> Option<[usize; 3]> {
        <[usize; 3]>::try_from(self.0.as_slice()).ok()
    }

    /// The number of features if this is a vector's shape.
    pub fn as_vector(&self) -> Option<usize> {
        <[usize; 1]>::try_from(self.0.as_slice()).ok().map(|[n]| n)
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Self {
        Shape(dims.to_vec())
    }
}

impl From<Vec<usize>> for Shape {
    fn from(dims: Vec<usize>) -> Self {
        Shape(dims)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("scalar");
        }
        for (i, dim) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("×")?;
            }
            write!(f, "{dim}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_reads_like_the_literature() {
        assert_eq!(Shape::from([28, 28, 1]).to_string(), "28×28×1");
        assert_eq!(Shape::from([64]).to_string(), "64");
        assert_eq!(Shape::from([28, 28, 1]).elements(), 784);
    }
}
