//! The mean under each position of a window, channel by channel.
//! Pixels outside the image do not count: the mean is over what lies inside.

use crate::{
    Arity, GraphError, Window,
    quantized::{Clamp, LayerKind, QuantizedTensor, TensorType, layer::one_quantization},
};

/// Mean pooling, `[height, width, channels]` to `[positions, positions, channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AveragePool2D {
    /// The window.
    pub window: Window,
    /// The limits of the output.
    pub clamp: Clamp,
}

impl LayerKind for AveragePool2D {
    const KIND: &'static str = "AveragePooling2D";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let quantization = one_quantization(name, Self::KIND, inputs)?;
        let shape = self
            .window
            .pooled_shape(name, Self::KIND, &inputs[0].shape)?;
        Ok(TensorType::new(shape, quantization))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = self.window.attributes("pool_size");
        attributes.push(("activation", self.clamp.to_string()));
        attributes
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let [height, width, channels] = inputs[0].shape().as_image().expect("checked shape");
        let [_, columns, _] = output.shape.as_image().expect("checked shape");
        let image = inputs[0].data();
        let [low, high] = self.clamp.limits(output.quantization);
        QuantizedTensor::from_fn(output.clone(), |i| {
            let (position, channel) = (i / channels, i % channels);
            let position = [position / columns, position % columns];
            let (mut sum, mut count) = (0, 0);
            for (_, _, y, x) in self.window.pixels([height, width], position) {
                sum += i64::from(image[(y * width + x) * channels + channel]);
                count += 1;
            }
            rounded_mean(sum, count).clamp(low, high)
        })
    }
}

/// `sum / count`, halves away from zero.
fn rounded_mean(sum: i64, count: i64) -> i32 {
    let half = if sum > 0 { count / 2 } else { -(count / 2) };
    ((sum + half) / count) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Padding,
        quantized::{Element, Quantization},
    };

    /// The first position of two columns lies in the two columns of padding.
    #[test]
    fn a_position_in_the_padding_alone_is_refused() {
        let window = Window::new([1, 2], [1, 1], Padding::explicit([0; 2], [2, 0])).unwrap();
        let pool = AveragePool2D {
            window,
            clamp: Clamp::None,
        };
        let integers = Quantization::new(Element::I8, 1.0, 0).unwrap();
        let image = TensorType::new([1, 3, 1], integers);
        let text = pool.output_type("pool", &[&image]).unwrap_err().to_string();
        assert!(text.contains("padding alone"), "{text}");
    }

    #[test]
    fn halves_go_away_from_zero() {
        for (sum, count, mean) in [(10, 4, 3), (-10, 4, -3), (7, 3, 2), (-7, 3, -2), (0, 9, 0)] {
            assert_eq!(rounded_mean(sum, count), mean, "{sum} / {count}");
        }
    }
}
