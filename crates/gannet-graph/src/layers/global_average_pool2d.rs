//! The mean of each channel: an image as one vector of as many features as it has channels.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor};

/// `[height, width, channels]` to `[channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GlobalAveragePool2D;

impl LayerKind for GlobalAveragePool2D {
    const KIND: &'static str = "GlobalAveragePooling2D";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        let [_, _, channels] = crate::layer::image(name, Self::KIND, inputs[0])?;
        Ok(Shape::from([channels]))
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        let (image, channels) = (inputs[0].data(), output.elements());
        let positions = (image.len() / channels) as f64;
        Tensor::from_fn(output.clone(), |channel| {
            let values = image.iter().skip(channel).step_by(channels);
            (values.copied().map(f64::from).sum::<f64>() / positions) as f32
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_has_its_mean() {
        let image = Tensor::new([1, 2, 2], vec![1.0, 10.0, 3.0, 30.0]).unwrap();
        let means = GlobalAveragePool2D.run(&[&image], &Shape::from([2]));
        assert_eq!(means.data(), [2.0, 20.0]);
    }
}
