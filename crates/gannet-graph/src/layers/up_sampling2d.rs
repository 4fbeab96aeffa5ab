//! A larger image, each pixel of which is the nearest one of the smaller.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor};

/// Repeats each row and each column: `[height, width, channels]` to
/// `[height·vertical, width·horizontal, channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpSampling2D {
    size: [usize; 2],
}

impl UpSampling2D {
    /// Repeats rows `size[0]` times and columns `size[1]` times.
    ///
    /// # Errors
    /// [`GraphError::Zero`] if one of them is zero.
    pub fn new(size: [usize; 2]) -> Result<Self, GraphError> {
        if size.contains(&0) {
            return Err(GraphError::Zero {
                what: "the factor of an UpSampling2D layer",
            });
        }
        Ok(UpSampling2D { size })
    }

    /// How often rows and columns are repeated, `[vertical, horizontal]`.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }
}

impl LayerKind for UpSampling2D {
    const KIND: &'static str = "UpSampling2D";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        let [height, width, channels] = crate::layer::image(name, Self::KIND, inputs[0])?;
        let rows = height.saturating_mul(self.size[0]);
        let columns = width.saturating_mul(self.size[1]);
        Ok(Shape::from([rows, columns, channels]))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("size", Shape::from(self.size).to_string())]
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        let [_, width, channels] = inputs[0].shape().as_image().expect("checked shape");
        let [_, columns, _] = output.as_image().expect("checked shape");
        let [vertical, horizontal] = self.size;
        Tensor::from_fn(output.clone(), |i| {
            let (position, channel) = (i / channels, i % channels);
            let (y, x) = (
                position / columns / vertical,
                position % columns / horizontal,
            );
            inputs[0].data()[(y * width + x) * channels + channel]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_become_blocks() {
        let layer = UpSampling2D::new([2, 3]).unwrap();
        let image = Tensor::new([1, 2, 1], vec![1.0, 2.0]).unwrap();
        let shape = layer.output_shape("up", &[image.shape()]).unwrap();
        let row = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0];
        assert_eq!(layer.run(&[&image], &shape).data(), [row, row].concat());
    }
}
