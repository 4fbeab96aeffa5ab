//! The mean under each position of a window, channel by channel.
//! As in Keras, pixels outside the image do not count: the mean is over what lies inside.
//! Where another format counts the padding as zeros, a [`ZeroPadding2D`](crate::ZeroPadding2D)
//! layer before it and no padding of its own mean the same.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor, Window};

/// Mean pooling, `[height, width, channels]` to `[positions, positions, channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AveragePool2D {
    /// The window.
    pub window: Window,
}

impl AveragePool2D {
    /// Pooling over `window`.
    pub const fn new(window: Window) -> Self {
        AveragePool2D { window }
    }
}

impl LayerKind for AveragePool2D {
    const KIND: &'static str = "AveragePooling2D";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        self.window.pooled_shape(name, Self::KIND, inputs[0])
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        self.window.attributes("pool_size")
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        self.window.pool(inputs[0], output, |values| {
            let add = |(sum, count): (f64, u32), x: f32| (sum + f64::from(x), count + 1);
            let (sum, count) = values.fold((0.0, 0), add);
            (sum / f64::from(count)) as f32
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Padding;

    /// 3×3 of 1..9 under 2×2/2 with padding below and to the right:
    /// (1+2+4+5)/4, (3+6)/2, (7+8)/2, 9/1.
    #[test]
    fn padding_does_not_count() {
        let layer = AveragePool2D::new(Window::new([2, 2], [2, 2], Padding::Same).unwrap());
        let image = Tensor::from_fn([3, 3, 1], |i| (i + 1) as f32);
        let shape = layer.output_shape("pool", &[image.shape()]).unwrap();
        assert_eq!(layer.run(&[&image], &shape).data(), [3.0, 4.5, 7.5, 9.0]);
    }
}
