//! A border of zeros around an image.

use crate::{
    Arity, GraphError, Shape,
    quantized::{LayerKind, QuantizedTensor, TensorType},
};

/// `[height, width, channels]` to
/// `[top + height + bottom, left + width + right, channels]`; the border has the integer that
/// stands for 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroPadding2D {
    /// Rows above and below.
    pub vertical: [usize; 2],
    /// Columns left and right.
    pub horizontal: [usize; 2],
}

impl LayerKind for ZeroPadding2D {
    const KIND: &'static str = "ZeroPadding2D";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let [height, width, channels] = crate::layer::image(name, Self::KIND, &inputs[0].shape)?;
        let padded = |extent: usize, border: [usize; 2]| {
            border
                .iter()
                .fold(extent, |sum, &side| sum.saturating_add(side))
        };
        let shape = [
            padded(height, self.vertical),
            padded(width, self.horizontal),
            channels,
        ];
        Ok(TensorType::new(Shape::from(shape), inputs[0].quantization))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let [[top, bottom], [left, right]] = [self.vertical, self.horizontal];
        vec![("padding", format!("{top} {bottom} {left} {right}"))]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let [height, width, channels] = inputs[0].shape().as_image().expect("checked shape");
        let [_, columns, _] = output.shape.as_image().expect("checked shape");
        QuantizedTensor::from_fn(output.clone(), |i| {
            let (position, channel) = (i / channels, i % channels);
            let y = (position / columns).wrapping_sub(self.vertical[0]);
            let x = (position % columns).wrapping_sub(self.horizontal[0]);
            if y < height && x < width {
                inputs[0].data()[(y * width + x) * channels + channel]
            } else {
                output.quantization.zero_point()
            }
        })
    }
}
