//! Multiplies by constants and adds constants: what brings an image to the range that a network
//! was trained on, and what other formats write as products and sums with constants.

use crate::{Arity, GraphError, LayerKind, ScaleShift, Shape, Tensor};

/// `scale · x + offset`, with one number each, or one for each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Rescaling {
    scale: Vec<f32>,
    offset: Vec<f32>,
}

impl Rescaling {
    /// A layer of a scale and an offset, each for all channels or one for each.
    ///
    /// # Errors
    /// [`GraphError::Range`] if one of them is empty, or they have several numbers each, but
    /// not as many.
    pub fn new(scale: Vec<f32>, offset: Vec<f32>) -> Result<Self, GraphError> {
        let (scales, offsets) = (scale.len(), offset.len());
        let agree = scales == offsets || scales == 1 || offsets == 1;
        if scales == 0 || offsets == 0 || !agree {
            return Err(GraphError::Range {
                what: "the number of scales and offsets of a Rescaling layer",
                found: format!("{scales} and {offsets}"),
                expected: "one, or one for each channel",
            });
        }
        Ok(Rescaling { scale, offset })
    }

    /// What values are multiplied by: one number, or one for each channel.
    pub fn scale(&self) -> &[f32] {
        &self.scale
    }

    /// What is added then: one number, or one for each channel.
    pub fn offset(&self) -> &[f32] {
        &self.offset
    }

    /// For how many channels it was made; `None` if for any number.
    pub fn channels(&self) -> Option<usize> {
        let channels = self.scale.len().max(self.offset.len());
        (channels > 1).then_some(channels)
    }

    /// What the layer does to a channel.
    pub fn scale_shift(&self, channel: usize) -> ScaleShift {
        let of = |values: &[f32]| f64::from(values[channel % values.len()]);
        ScaleShift {
            scale: of(&self.scale),
            shift: of(&self.offset),
        }
    }
}

impl LayerKind for Rescaling {
    const KIND: &'static str = "Rescaling";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        if let Some(channels) = self.channels() {
            crate::layer::check_channels(name, Self::KIND, channels, "channels", inputs[0])?;
        }
        Ok(inputs[0].clone())
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("scale", format!("{:?}", self.scale)),
            ("offset", format!("{:?}", self.offset)),
        ]
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        let channels = output.channels();
        Tensor::from_fn(output.clone(), |i| {
            let ScaleShift { scale, shift } = self.scale_shift(i % channels);
            (f64::from(inputs[0].data()[i]) * scale + shift) as f32
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_serves_all_channels() {
        let layer = Rescaling::new(vec![2.0], vec![1.0, -1.0]).unwrap();
        let image = Tensor::new([1, 2, 2], vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        let shape = layer.output_shape("rescaling", &[image.shape()]).unwrap();
        assert_eq!(layer.run(&[&image], &shape).data(), [3.0, 3.0, 7.0, 7.0]);
        assert!(
            layer
                .output_shape("rescaling", &[&Shape::from([3])])
                .is_err()
        );
        assert!(Rescaling::new(vec![1.0, 2.0], vec![0.0; 3]).is_err());
    }
}
