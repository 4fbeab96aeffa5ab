//! A ReLU that learns how much of negative values it lets through. He, Zhang, Ren and Sun,
//! 2015.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor, Weight, broadcast};

/// `x` where it is positive, `alpha · x` elsewhere. Where an extent of `alpha` is 1, one value
/// serves the whole extent: `[1, 1, channels]` has one for each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct PReLU {
    alpha: Tensor,
}

impl PReLU {
    /// A layer over slopes of as many extents as its input has.
    pub fn new(alpha: Tensor) -> Self {
        PReLU { alpha }
    }

    /// What negative values are multiplied by.
    pub fn alpha(&self) -> &Tensor {
        &self.alpha
    }
}

impl LayerKind for PReLU {
    const KIND: &'static str = "PReLU";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        let suits = broadcast::joined(name, Self::KIND, &[inputs[0], self.alpha.shape()])
            .is_ok_and(|joined| joined == *inputs[0]);
        if !suits {
            return Err(GraphError::WeightShape {
                kind: Self::KIND,
                weight: "alpha",
                expected: format!("{} or 1 in the place of some extents", inputs[0]),
                found: self.alpha.shape().clone(),
            });
        }
        Ok(inputs[0].clone())
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        vec![Weight::trained("alpha", &self.alpha)]
    }

    fn weights_mut(&mut self) -> Vec<&mut [f32]> {
        vec![self.alpha.data_mut()]
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        Tensor::from_fn(output.clone(), |i| {
            let x = inputs[0].data()[i];
            let alpha = self.alpha.data()[broadcast::element(self.alpha.shape(), output, i)];
            if x < 0.0 { x * alpha } else { x }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_has_its_own_slope() {
        let layer = PReLU::new(Tensor::new([1, 1, 2], vec![0.5, -1.0]).unwrap());
        let image = Tensor::new([1, 2, 2], vec![-2.0, -2.0, 3.0, 3.0]).unwrap();
        let shape = layer.output_shape("prelu", &[image.shape()]).unwrap();
        assert_eq!(layer.run(&[&image], &shape).data(), [-1.0, 2.0, 3.0, 3.0]);
        let other = Shape::from([1, 2, 3]);
        let error = layer.output_shape("prelu", &[&other]).unwrap_err();
        assert!(error.to_string().contains("alpha"), "{error}");
    }
}
