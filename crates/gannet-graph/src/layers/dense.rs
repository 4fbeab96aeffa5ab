//! A fully connected layer.

use crate::{Arity, Function, GraphError, LayerKind, Regularizer, Shape, Tensor, Weight};

/// `activation(x · kernel + bias)`: `[features]` to `[units]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    kernel: Tensor,
    bias: Option<Tensor>,
    /// Applied to the sums.
    pub activation: Function,
    /// Penalty on the kernel in training.
    pub kernel_regularizer: Regularizer,
}

impl Dense {
    /// A layer over a kernel `[features, units]` and a bias `[units]`.
    ///
    /// # Errors
    /// [`GraphError::WeightShape`] if the weights do not suit each other.
    pub fn new(kernel: Tensor, bias: Option<Tensor>) -> Result<Self, GraphError> {
        let kind = Self::KIND;
        let &[_, units] = kernel.shape().dims() else {
            return Err(GraphError::WeightShape {
                kind,
                weight: "kernel",
                expected: "[features, units]".to_owned(),
                found: kernel.shape().clone(),
            });
        };
        crate::layer::check_vector(kind, "bias", bias.as_ref(), units)?;
        Ok(Dense {
            kernel,
            bias,
            activation: Function::Linear,
            kernel_regularizer: Regularizer::NONE,
        })
    }

    /// A layer of zeros with a bias, from `features` to `units`.
    pub fn zeros(features: usize, units: usize) -> Self {
        Dense {
            kernel: Tensor::zeros([features, units]),
            bias: Some(Tensor::zeros([units])),
            activation: Function::Linear,
            kernel_regularizer: Regularizer::NONE,
        }
    }

    /// The same layer with `activation` on its sums.
    pub fn with_activation(self, activation: Function) -> Self {
        Dense { activation, ..self }
    }

    /// `[features, units]`.
    pub fn kernel(&self) -> &Tensor {
        &self.kernel
    }

    /// `[units]`.
    pub fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// How many features it takes.
    pub fn features(&self) -> usize {
        self.kernel.shape().dims()[0]
    }

    /// How many values it gives.
    pub fn units(&self) -> usize {
        self.kernel.shape().dims()[1]
    }
}

impl LayerKind for Dense {
    const KIND: &'static str = "Dense";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        if inputs[0].as_vector().is_none() {
            return Err(GraphError::Rank {
                layer: name.to_owned(),
                kind: Self::KIND,
                expected: "a vector [features]; put a Flatten layer in front",
                found: inputs[0].clone(),
            });
        }
        crate::layer::check_channels(name, Self::KIND, self.features(), "features", inputs[0])?;
        Ok(Shape::from([self.units()]))
    }

    fn macs(&self, _inputs: &[&Shape], _output: &Shape) -> u64 {
        self.kernel.data().len() as u64
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("units", self.units().to_string()),
            ("activation", self.activation.to_string()),
            ("use_bias", self.bias.is_some().to_string()),
        ]
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        crate::layer::kernel_and_bias(&self.kernel, self.bias.as_ref())
    }

    fn weights_mut(&mut self) -> Vec<&mut [f32]> {
        crate::layer::kernel_and_bias_mut(&mut self.kernel, self.bias.as_mut())
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        let (input, kernel, units) = (inputs[0].data(), self.kernel.data(), self.units());
        let mut sums = Tensor::from_fn(output.clone(), |unit| {
            let bias = self
                .bias
                .as_ref()
                .map_or(0.0, |bias| f64::from(bias.data()[unit]));
            let products = input
                .iter()
                .enumerate()
                .map(|(feature, &x)| f64::from(x) * f64::from(kernel[feature * units + unit]));
            (bias + products.sum::<f64>()) as f32
        });
        self.activation.apply(sums.data_mut(), units);
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [1, 2] · [[1, 2, 3], [4, 5, 6]] + [0.5, 0, −20] = [9.5, 12, −5], then ReLU.
    #[test]
    fn dense_by_hand() {
        let kernel = Tensor::new([2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let bias = Tensor::new([3], vec![0.5, 0.0, -20.0]).unwrap();
        let layer = Dense::new(kernel, Some(bias))
            .unwrap()
            .with_activation(Function::Relu);
        let input = Tensor::new([2], vec![1.0, 2.0]).unwrap();
        assert_eq!(
            layer.run(&[&input], &Shape::from([3])).data(),
            [9.5, 12.0, 0.0]
        );
    }

    #[test]
    fn an_image_is_refused_with_a_hint() {
        let error = Dense::zeros(4, 2).output_shape("dense", &[&Shape::from([2, 2, 1])]);
        let text = error.unwrap_err().to_string();
        assert!(
            text.contains("'dense'") && text.contains("Flatten"),
            "{text}"
        );
    }
}
