//! The largest value under each position of a window, channel by channel.
//! Pixels outside the image never win: with `same` padding they are left out.

use crate::{
    Arity, GraphError, Window,
    quantized::{Clamp, LayerKind, QuantizedTensor, TensorType, layer::one_quantization},
};

/// Maximum pooling, `[height, width, channels]` to `[positions, positions, channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool2D {
    /// The window.
    pub window: Window,
    /// The limits of the output.
    pub clamp: Clamp,
}

impl LayerKind for MaxPool2D {
    const KIND: &'static str = "MaxPooling2D";
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
            self.window
                .pixels([height, width], [position / columns, position % columns])
                .map(|(_, _, y, x)| image[(y * width + x) * channels + channel])
                .fold(i32::MIN, i32::max)
                .clamp(low, high)
        })
    }
}
