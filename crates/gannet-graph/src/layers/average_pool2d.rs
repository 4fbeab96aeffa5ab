//! The mean under each position of a window, channel by channel.
//! As in Keras, pixels outside the image do not count: the mean is over what lies inside.

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
        let ([height, width], channels) = self.window.output(name, Self::KIND, inputs[0])?;
        Ok(Shape::from([height, width, channels]))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        self.window.attributes("pool_size")
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        let [height, width, channels] = inputs[0].shape().as_image().expect("checked shape");
        let [_, columns, _] = output.as_image().expect("checked shape");
        let image = inputs[0].data();
        Tensor::from_fn(output.clone(), |i| {
            let (position, channel) = (i / channels, i % channels);
            let position = [position / columns, position % columns];
            let (mut sum, mut count) = (0.0, 0);
            for (_, _, y, x) in self.window.pixels([height, width], position) {
                sum += f64::from(image[(y * width + x) * channels + channel]);
                count += 1;
            }
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
