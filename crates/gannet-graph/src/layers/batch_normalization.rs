//! Brings each channel to mean 0 and deviation 1, then scales and shifts it.
//! Ioffe and Szegedy, 2015. In training the mean and variance are the batch's; at inference
//! they are the moving ones that training left.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor, Weight};

/// `gamma · (x − mean) / √(variance + epsilon) + beta`, channel by channel.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNormalization {
    gamma: Option<Tensor>,
    beta: Option<Tensor>,
    moving_mean: Tensor,
    moving_variance: Tensor,
    epsilon: f32,
    /// How much of the moving statistics stays in each training step, 0 to 1.
    pub momentum: f32,
}

/// What one channel is multiplied by and what is added then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScaleShift {
    /// `gamma / √(variance + epsilon)`.
    pub scale: f64,
    /// `beta − mean · scale`.
    pub shift: f64,
}

impl BatchNormalization {
    /// A layer over tensors `[channels]`; without `gamma` values are not scaled, without
    /// `beta` not shifted.
    ///
    /// # Errors
    /// [`GraphError::WeightShape`] if the tensors differ in length, [`GraphError::Range`] if
    /// `epsilon` is not positive.
    pub fn new(
        gamma: Option<Tensor>,
        beta: Option<Tensor>,
        moving_mean: Tensor,
        moving_variance: Tensor,
        epsilon: f32,
    ) -> Result<Self, GraphError> {
        let channels = moving_mean.data().len();
        let named = [
            ("gamma", gamma.as_ref()),
            ("beta", beta.as_ref()),
            ("moving_mean", Some(&moving_mean)),
            ("moving_variance", Some(&moving_variance)),
        ];
        for (weight, tensor) in named {
            crate::layer::check_vector(Self::KIND, weight, tensor, channels)?;
        }
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            return Err(GraphError::Range {
                what: "the epsilon of a BatchNormalization layer",
                found: epsilon.to_string(),
                expected: "a positive number",
            });
        }
        Ok(BatchNormalization {
            gamma,
            beta,
            moving_mean,
            moving_variance,
            epsilon,
            momentum: 0.99,
        })
    }

    /// A layer that does nothing yet: gamma and variance one, beta and mean zero, Keras'
    /// epsilon of 10⁻³.
    pub fn identity(channels: usize) -> Self {
        let ones = || Tensor::from_fn([channels], |_| 1.0);
        let zeros = || Tensor::zeros([channels]);
        BatchNormalization::new(Some(ones()), Some(zeros()), zeros(), ones(), 1e-3)
            .expect("the tensors agree")
    }

    /// What the values are scaled by, `[channels]`.
    pub fn gamma(&self) -> Option<&Tensor> {
        self.gamma.as_ref()
    }

    /// What is added to the scaled values, `[channels]`.
    pub fn beta(&self) -> Option<&Tensor> {
        self.beta.as_ref()
    }

    /// The mean at inference, `[channels]`.
    pub fn moving_mean(&self) -> &Tensor {
        &self.moving_mean
    }

    /// The variance at inference, `[channels]`.
    pub fn moving_variance(&self) -> &Tensor {
        &self.moving_variance
    }

    /// What keeps the division away from zero.
    pub fn epsilon(&self) -> f32 {
        self.epsilon
    }

    /// How many channels it takes.
    pub fn channels(&self) -> usize {
        self.moving_mean.data().len()
    }

    /// What the layer does to a channel at inference.
    pub fn scale_shift(&self, channel: usize) -> ScaleShift {
        let of = |tensor: &Tensor| f64::from(tensor.data()[channel]);
        let gamma = self.gamma.as_ref().map_or(1.0, of);
        let beta = self.beta.as_ref().map_or(0.0, of);
        let scale = gamma / (of(&self.moving_variance) + f64::from(self.epsilon)).sqrt();
        ScaleShift {
            scale,
            shift: beta - of(&self.moving_mean) * scale,
        }
    }
}

impl LayerKind for BatchNormalization {
    const KIND: &'static str = "BatchNormalization";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        crate::layer::check_channels(name, Self::KIND, self.channels(), "channels", inputs[0])?;
        Ok(inputs[0].clone())
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("epsilon", self.epsilon.to_string()),
            ("scale", self.gamma.is_some().to_string()),
            ("center", self.beta.is_some().to_string()),
        ]
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        let learned = [("gamma", self.gamma.as_ref()), ("beta", self.beta.as_ref())];
        let measured = [
            ("moving_mean", &self.moving_mean),
            ("moving_variance", &self.moving_variance),
        ];
        let learned = learned
            .into_iter()
            .filter_map(|(name, tensor)| Some(Weight::trained(name, tensor?)));
        let measured = measured.into_iter().map(|(name, tensor)| Weight {
            name,
            tensor,
            trainable: false,
        });
        learned.chain(measured).collect()
    }

    fn weights_mut(&mut self) -> Vec<&mut [f32]> {
        let learned = [self.gamma.as_mut(), self.beta.as_mut()];
        let measured = [Some(&mut self.moving_mean), Some(&mut self.moving_variance)];
        learned
            .into_iter()
            .chain(measured)
            .flatten()
            .map(Tensor::data_mut)
            .collect()
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        let channels = self.channels();
        let each: Vec<ScaleShift> = (0..channels).map(|c| self.scale_shift(c)).collect();
        Tensor::from_fn(output.clone(), |i| {
            let ScaleShift { scale, shift } = each[i % channels];
            (f64::from(inputs[0].data()[i]) * scale + shift) as f32
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2·(x − 1)/√(3.75 + 0.25) + 5 = x + 4.
    #[test]
    fn normalization_by_hand() {
        let of = |value: f32| Tensor::new([1], vec![value]).unwrap();
        let layer =
            BatchNormalization::new(Some(of(2.0)), Some(of(5.0)), of(1.0), of(3.75), 0.25).unwrap();
        let image = Tensor::new([1, 2, 1], vec![-1.0, 7.0]).unwrap();
        assert_eq!(layer.run(&[&image], image.shape()).data(), [3.0, 11.0]);
    }

    #[test]
    fn statistics_are_measured_and_not_trained() {
        let layer = BatchNormalization::identity(2);
        let trainable: Vec<bool> = layer.weights().iter().map(|w| w.trainable).collect();
        assert_eq!(trainable, [true, true, false, false]);
    }
}
