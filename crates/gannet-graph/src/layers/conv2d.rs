//! Two-dimensional convolution (cross-correlation, as every framework has it).

use crate::{Arity, Function, GraphError, LayerKind, Regularizer, Shape, Tensor, Weight, Window};

/// `activation(image ⋆ kernel + bias)`: `[height, width, channels]` to
/// `[positions, positions, filters]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2D {
    window: Window,
    kernel: Tensor,
    bias: Option<Tensor>,
    /// Applied to the sums.
    pub activation: Function,
    /// Penalty on the kernel in training.
    pub kernel_regularizer: Regularizer,
}

impl Conv2D {
    /// A layer over a kernel `[height, width, channels, filters]` and a bias `[filters]`.
    ///
    /// # Errors
    /// [`GraphError::WeightShape`] if the weights suit neither the window nor each other.
    pub fn new(window: Window, kernel: Tensor, bias: Option<Tensor>) -> Result<Self, GraphError> {
        let [height, width] = window.kernel();
        let filters = match kernel.shape().dims() {
            &[h, w, _, filters] if [h, w] == [height, width] => filters,
            _ => {
                return Err(GraphError::WeightShape {
                    kind: Self::KIND,
                    weight: "kernel",
                    expected: format!("[{height}, {width}, channels, filters]"),
                    found: kernel.shape().clone(),
                });
            }
        };
        crate::layer::check_vector(Self::KIND, "bias", bias.as_ref(), filters)?;
        Ok(Conv2D {
            window,
            kernel,
            bias,
            activation: Function::Linear,
            kernel_regularizer: Regularizer::NONE,
        })
    }

    /// A layer of zeros without a bias, from `channels` to `filters`.
    pub fn zeros(window: Window, channels: usize, filters: usize) -> Self {
        let [height, width] = window.kernel();
        Conv2D {
            window,
            kernel: Tensor::zeros([height, width, channels, filters]),
            bias: None,
            activation: Function::Linear,
            kernel_regularizer: Regularizer::NONE,
        }
    }

    /// The same layer with a bias of zeros.
    pub fn with_bias(self) -> Self {
        let bias = Some(Tensor::zeros([self.filters()]));
        Conv2D { bias, ..self }
    }

    /// The same layer with `activation` on its sums.
    pub fn with_activation(self, activation: Function) -> Self {
        Conv2D { activation, ..self }
    }

    /// The same layer with a penalty on its kernel in training.
    pub fn with_kernel_regularizer(self, kernel_regularizer: Regularizer) -> Self {
        Conv2D {
            kernel_regularizer,
            ..self
        }
    }

    /// The sliding window.
    pub fn window(&self) -> Window {
        self.window
    }

    /// `[height, width, channels, filters]`.
    pub fn kernel(&self) -> &Tensor {
        &self.kernel
    }

    /// `[filters]`.
    pub fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// How many channels it takes.
    pub fn channels(&self) -> usize {
        self.kernel.shape().dims()[2]
    }

    /// How many channels it gives.
    pub fn filters(&self) -> usize {
        self.kernel.shape().dims()[3]
    }
}

impl LayerKind for Conv2D {
    const KIND: &'static str = "Conv2D";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        let ([height, width], _) = self.window.output(name, Self::KIND, inputs[0])?;
        crate::layer::check_channels(name, Self::KIND, self.channels(), "channels", inputs[0])?;
        Ok(Shape::from([height, width, self.filters()]))
    }

    fn macs(&self, _inputs: &[&Shape], output: &Shape) -> u64 {
        let per_position = self.kernel.data().len() as u64;
        let positions = (output.elements() / self.filters()) as u64;
        positions * per_position
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![("filters", self.filters().to_string())];
        attributes.extend(self.window.attributes("kernel_size"));
        attributes.push(("activation", self.activation.to_string()));
        attributes.push(("use_bias", self.bias.is_some().to_string()));
        attributes
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        crate::layer::kernel_and_bias(&self.kernel, self.bias.as_ref())
    }

    fn weights_mut(&mut self) -> Vec<&mut [f32]> {
        crate::layer::kernel_and_bias_mut(&mut self.kernel, self.bias.as_mut())
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        let [height, width, channels] = inputs[0].shape().as_image().expect("checked shape");
        let [_, columns, filters] = output.as_image().expect("checked shape");
        let (image, kernel) = (inputs[0].data(), self.kernel.data());
        let [_, kernel_width] = self.window.kernel();
        let mut sums = Tensor::from_fn(output.clone(), |i| {
            let (position, filter) = (i / filters, i % filters);
            let mut sum = self
                .bias
                .as_ref()
                .map_or(0.0, |bias| f64::from(bias.data()[filter]));
            let position = [position / columns, position % columns];
            for (ky, kx, y, x) in self.window.pixels([height, width], position) {
                for channel in 0..channels {
                    let weight = ((ky * kernel_width + kx) * channels + channel) * filters + filter;
                    let pixel = (y * width + x) * channels + channel;
                    sum += f64::from(image[pixel]) * f64::from(kernel[weight]);
                }
            }
            sum as f32
        });
        self.activation.apply(sums.data_mut(), filters);
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Padding;

    /// A 3×3 image of 1..9 under a 2×2 kernel [[1, 2], [3, 4]], by hand.
    #[test]
    fn convolution_by_hand() {
        let image = Tensor::from_fn([3, 3, 1], |i| (i + 1) as f32);
        let kernel = Tensor::new([2, 2, 1, 1], vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        let cases = [
            // 1·1 + 2·2 + 4·3 + 5·4 = 37, and so on.
            (Padding::Valid, vec![37.0, 47.0, 67.0, 77.0]),
            // The odd padding lies below and to the right.
            (
                Padding::Same,
                vec![37.0, 47.0, 21.0, 67.0, 77.0, 33.0, 23.0, 26.0, 9.0],
            ),
        ];
        for (padding, expected) in cases {
            let window = Window::new([2, 2], [1, 1], padding).unwrap();
            let layer = Conv2D::new(window, kernel.clone(), None).unwrap();
            let shape = layer.output_shape("conv", &[image.shape()]).unwrap();
            assert_eq!(layer.run(&[&image], &shape).data(), expected);
        }
    }

    #[test]
    fn a_window_larger_than_the_image_is_refused() {
        let window = Window::new([5, 5], [1, 1], Padding::Valid).unwrap();
        let error = Conv2D::zeros(window, 1, 8).output_shape("conv2d", &[&Shape::from([4, 4, 1])]);
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("larger than the input")
        );
    }

    #[test]
    fn channels_must_agree() {
        let window = Window::new([3, 3], [1, 1], Padding::Same).unwrap();
        let error = Conv2D::zeros(window, 3, 8).output_shape("conv2d", &[&Shape::from([4, 4, 1])]);
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("weights for 3 input channels")
        );
    }
}
