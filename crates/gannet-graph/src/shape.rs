//! The extents of a tensor, without the batch.

use std::fmt;

/// Extents, outermost first: `[height, width, channels]`, `[features]`, or a kernel's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// The most numbers that a tensor between layers may hold: far more than any
    /// microcontroller does, and few enough that no product of extents leaves its type.
    pub const MOST_ELEMENTS: usize = 1 << 28;

    /// Whether there is an extent, none is zero, and there are at most
    /// [`Shape::MOST_ELEMENTS`] elements.
    pub fn is_bounded(&self) -> bool {
        let elements = self.0.iter().try_fold(1, |product: usize, &dim| {
            product.checked_mul(dim).filter(|&product| product > 0)
        });
        !self.0.is_empty() && elements.is_some_and(|elements| elements <= Shape::MOST_ELEMENTS)
    }

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
