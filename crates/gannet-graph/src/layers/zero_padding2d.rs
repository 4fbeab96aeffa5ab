//! A border of zeros around an image.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor};

/// Adds rows above and below and columns left and right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroPadding2D {
    /// Rows `[above, below]`.
    pub vertical: [usize; 2],
    /// Columns `[left, right]`.
    pub horizontal: [usize; 2],
}

impl ZeroPadding2D {
    /// A border of these widths.
    pub const fn new(vertical: [usize; 2], horizontal: [usize; 2]) -> Self {
        ZeroPadding2D {
            vertical,
            horizontal,
        }
    }
}

impl LayerKind for ZeroPadding2D {
    const KIND: &'static str = "ZeroPadding2D";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        let [height, width, channels] = crate::layer::image(name, Self::KIND, inputs[0])?;
        let [top, bottom] = self.vertical;
        let [left, right] = self.horizontal;
        Ok(Shape::from([
            top + height + bottom,
            left + width + right,
            channels,
        ]))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let ([top, bottom], [left, right]) = (self.vertical, self.horizontal);
        vec![("padding", format!("(({top}, {bottom}), ({left}, {right}))"))]
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        let [height, width, channels] = inputs[0].shape().as_image().expect("checked shape");
        let [_, columns, _] = output.as_image().expect("checked shape");
        let image = inputs[0].data();
        Tensor::from_fn(output.clone(), |i| {
            let (position, channel) = (i / channels, i % channels);
            let row = (position / columns).checked_sub(self.vertical[0]);
            let column = (position % columns).checked_sub(self.horizontal[0]);
            match (row, column) {
                (Some(y), Some(x)) if y < height && x < width => {
                    image[(y * width + x) * channels + channel]
                }
                _ => 0.0,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_lies_inside_its_border() {
        let layer = ZeroPadding2D::new([0, 1], [1, 0]);
        let image = Tensor::new([1, 2, 1], vec![1.0, 2.0]).unwrap();
        let shape = layer.output_shape("pad", &[image.shape()]).unwrap();
        assert_eq!(shape, Shape::from([2, 3, 1]));
        let padded = layer.run(&[&image], &shape);
        assert_eq!(padded.data(), [0.0, 1.0, 2.0, 0.0, 0.0, 0.0]);
    }
}
