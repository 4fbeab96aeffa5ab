//! A larger image, each pixel of which is the nearest one of the smaller.

use crate::{
    Arity, GraphError, Shape,
    quantized::{LayerKind, QuantizedTensor, TensorType, layer::one_quantization},
};

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
        let size = crate::UpSampling2D::new(size)?.size();
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

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let quantization = one_quantization(name, Self::KIND, inputs)?;
        let [height, width, channels] = crate::layer::image(name, Self::KIND, &inputs[0].shape)?;
        let rows = height.saturating_mul(self.size[0]);
        let columns = width.saturating_mul(self.size[1]);
        let shape = Shape::from([rows, columns, channels]);
        Ok(TensorType::new(shape, quantization))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("size", Shape::from(self.size).to_string())]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let [_, width, channels] = inputs[0].shape().as_image().expect("checked shape");
        let [_, columns, _] = output.shape.as_image().expect("checked shape");
        let [vertical, horizontal] = self.size;
        QuantizedTensor::from_fn(output.clone(), |i| {
            let (position, channel) = (i / channels, i % channels);
            let [y, x] = [
                position / columns / vertical,
                position % columns / horizontal,
            ];
            inputs[0].data()[(y * width + x) * channels + channel]
        })
    }
}
