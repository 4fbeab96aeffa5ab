//! The largest value under each position of a window, channel by channel.
//! Pixels outside the image never win: with `same` padding they are left out.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor, Window};

/// Maximum pooling, `[height, width, channels]` to `[positions, positions, channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool2D {
    /// The window.
    pub window: Window,
}

impl MaxPool2D {
    /// Pooling over `window`.
    pub const fn new(window: Window) -> Self {
        MaxPool2D { window }
    }
}

impl LayerKind for MaxPool2D {
    const KIND: &'static str = "MaxPooling2D";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        self.window.pooled_shape(name, Self::KIND, inputs[0])
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        self.window.attributes("pool_size")
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        self.window.pool(inputs[0], output, |values| {
            values.fold(f32::NEG_INFINITY, f32::max)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Padding;

    #[test]
    fn overlapping_windows_share_their_border() {
        let layer = MaxPool2D::new(Window::new([3, 3], [2, 2], Padding::Valid).unwrap());
        let image = Tensor::from_fn([5, 5, 1], |i| i as f32);
        let shape = layer.output_shape("pool", &[image.shape()]).unwrap();
        assert_eq!(
            layer.run(&[&image], &shape).data(),
            [12.0, 14.0, 22.0, 24.0]
        );
    }

    #[test]
    fn padding_never_wins() {
        let layer = MaxPool2D::new(Window::new([3, 3], [2, 2], Padding::Same).unwrap());
        let image = Tensor::from_fn([3, 3, 1], |i| -1.0 - i as f32);
        let shape = layer.output_shape("pool", &[image.shape()]).unwrap();
        assert_eq!(
            layer.run(&[&image], &shape).data(),
            [-1.0, -2.0, -4.0, -5.0]
        );
    }
}
