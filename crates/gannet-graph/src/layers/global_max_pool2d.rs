//! The largest value of each channel over the whole image.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor};

/// `[height, width, channels]` to `[channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GlobalMaxPool2D;

impl LayerKind for GlobalMaxPool2D {
    const KIND: &'static str = "GlobalMaxPooling2D";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        let [_, _, channels] = crate::layer::image(name, Self::KIND, inputs[0])?;
        Ok(Shape::from([channels]))
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        let channels = output.channels();
        Tensor::from_fn(output.clone(), |channel| {
            let values = inputs[0].data().iter().skip(channel).step_by(channels);
            values.copied().fold(f32::NEG_INFINITY, f32::max)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_has_its_own_maximum() {
        let image = Tensor::new([1, 2, 2], vec![-4.0, 1.0, -3.0, 0.0]).unwrap();
        let largest = GlobalMaxPool2D.run(&[&image], &Shape::from([2]));
        assert_eq!(largest.data(), [-3.0, 1.0]);
    }
}
