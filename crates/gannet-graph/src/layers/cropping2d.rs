//! The inner part of an image.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor};

/// Leaves out rows above and below and columns left and right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cropping2D {
    /// Rows `[above, below]`.
    pub vertical: [usize; 2],
    /// Columns `[left, right]`.
    pub horizontal: [usize; 2],
}

impl Cropping2D {
    /// Leaves out a border of these widths.
    pub const fn new(vertical: [usize; 2], horizontal: [usize; 2]) -> Self {
        Cropping2D {
            vertical,
            horizontal,
        }
    }
}

impl LayerKind for Cropping2D {
    const KIND: &'static str = "Cropping2D";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        let [height, width, channels] = crate::layer::image(name, Self::KIND, inputs[0])?;
        let inner = |extent: usize, [before, after]: [usize; 2]| {
            extent.saturating_sub(before).saturating_sub(after)
        };
        let rows = inner(height, self.vertical);
        let columns = inner(width, self.horizontal);
        Ok(Shape::from([rows, columns, channels]))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let ([top, bottom], [left, right]) = (self.vertical, self.horizontal);
        vec![(
            "cropping",
            format!("(({top}, {bottom}), ({left}, {right}))"),
        )]
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        let [_, width, channels] = inputs[0].shape().as_image().expect("checked shape");
        let [_, columns, _] = output.as_image().expect("checked shape");
        Tensor::from_fn(output.clone(), |i| {
            let (position, channel) = (i / channels, i % channels);
            let y = position / columns + self.vertical[0];
            let x = position % columns + self.horizontal[0];
            inputs[0].data()[(y * width + x) * channels + channel]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cropping_takes_a_border_away() {
        let layer = Cropping2D::new([1, 0], [0, 2]);
        let image = Tensor::from_fn([2, 4, 1], |i| i as f32);
        let shape = layer.output_shape("crop", &[image.shape()]).unwrap();
        assert_eq!(shape, Shape::from([1, 2, 1]));
        assert_eq!(layer.run(&[&image], &shape).data(), [4.0, 5.0]);
    }
}
