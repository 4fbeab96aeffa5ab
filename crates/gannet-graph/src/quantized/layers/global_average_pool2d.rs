//! The mean of each channel.

use crate::{
    Arity, GraphError, Shape,
    quantized::{
        LayerKind, Multiplier, Quantization, QuantizedTensor, TensorType, layer::one_element,
    },
};

/// `[height, width, channels]` to `[channels]`, or to `[1, 1, channels]`, rescaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GlobalAveragePool2D {
    /// What the output's integers stand for.
    pub output: Quantization,
    /// Whether height and width stay, as extents of 1.
    pub keep_dims: bool,
}

impl GlobalAveragePool2D {
    /// What the sum of `pixels` values of that quantization, less their zero points, is
    /// multiplied by. The division by the number of pixels is part of it: the mantissa is made
    /// larger by as many bits as that number has before it is divided, towards zero.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scales are too far apart.
    pub fn multiplier(&self, input: Quantization, pixels: usize) -> Result<Multiplier, GraphError> {
        let ratio = Multiplier::new(f64::from(input.scale()) / f64::from(self.output.scale()))?;
        Ok(ratio.divided(pixels as u64))
    }
}

impl LayerKind for GlobalAveragePool2D {
    const KIND: &'static str = "GlobalAveragePooling2D";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        one_element(name, Self::KIND, inputs, self.output)?;
        let [_, _, channels] = crate::layer::image(name, Self::KIND, &inputs[0].shape)?;
        self.multiplier(inputs[0].quantization, 1)?;
        let shape = if self.keep_dims {
            Shape::from([1, 1, channels])
        } else {
            Shape::from([channels])
        };
        Ok(TensorType::new(shape, self.output))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("keepdims", self.keep_dims.to_string())]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let [height, width, channels] = inputs[0].shape().as_image().expect("checked shape");
        let pixels = height * width;
        let multiplier = self
            .multiplier(inputs[0].quantization(), pixels)
            .expect("checked scales");
        QuantizedTensor::from_fn(output.clone(), |channel| {
            let sum = (0..pixels).fold(0_i32, |sum, pixel| {
                sum.wrapping_add(inputs[0].centred(pixel * channels + channel))
            });
            multiplier
                .apply(sum)
                .saturating_add(self.output.zero_point())
        })
    }
}
