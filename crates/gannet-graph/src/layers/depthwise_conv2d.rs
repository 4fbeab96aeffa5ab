//! Convolution of each channel by itself: the cheap half of a separable convolution.

use crate::{Arity, Function, GraphError, LayerKind, Regularizer, Shape, Tensor, Weight, Window};

/// Each input channel gives `multiplier` output channels of its own, in the order
/// channel-major: `[height, width, channels]` to `[positions, positions, channels·multiplier]`.
#[derive(Debug, Clone, PartialEq)]
pub struct DepthwiseConv2D {
    window: Window,
    kernel: Tensor,
    bias: Option<Tensor>,
    /// Applied to the sums.
    pub activation: Function,
    /// Penalty on the kernel in training.
    pub kernel_regularizer: Regularizer,
}

impl DepthwiseConv2D {
    /// A layer over a kernel `[height, width, channels, multiplier]` and a bias
    /// `[channels·multiplier]`.
    ///
    /// # Errors
    /// [`GraphError::WeightShape`] if the weights suit neither the window nor each other.
    pub fn new(window: Window, kernel: Tensor, bias: Option<Tensor>) -> Result<Self, GraphError> {
        let [channels, multiplier] =
            window.channels_of(Self::KIND, kernel.shape(), "channels, multiplier")?;
        crate::layer::check_vector(Self::KIND, "bias", bias.as_ref(), channels * multiplier)?;
        Ok(DepthwiseConv2D {
            window,
            kernel,
            bias,
            activation: Function::Linear,
            kernel_regularizer: Regularizer::NONE,
        })
    }

    /// A layer of zeros without a bias.
    pub fn zeros(window: Window, channels: usize, multiplier: usize) -> Self {
        let [height, width] = window.kernel();
        let kernel = Tensor::zeros([height, width, channels, multiplier]);
        DepthwiseConv2D::new(window, kernel, None).expect("the kernel has the window's extents")
    }

    /// The same layer with a bias of zeros.
    pub fn with_bias(self) -> Self {
        let bias = Some(Tensor::zeros([self.outputs()]));
        DepthwiseConv2D { bias, ..self }
    }

    /// The same layer with `activation` on its sums.
    pub fn with_activation(self, activation: Function) -> Self {
        DepthwiseConv2D { activation, ..self }
    }

    /// The sliding window.
    pub fn window(&self) -> Window {
        self.window
    }

    /// The sliding window, of which the border rule may be changed, and no extent.
    pub(crate) fn window_mut(&mut self) -> &mut Window {
        &mut self.window
    }

    /// `[height, width, channels, multiplier]`.
    pub fn kernel(&self) -> &Tensor {
        &self.kernel
    }

    /// `[channels·multiplier]`.
    pub fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// How many channels it takes.
    pub fn channels(&self) -> usize {
        self.kernel.shape().dims()[2]
    }

    /// How many channels it makes of each.
    pub fn multiplier(&self) -> usize {
        self.kernel.shape().dims()[3]
    }

    /// How many channels it gives.
    pub fn outputs(&self) -> usize {
        self.channels() * self.multiplier()
    }
}

impl LayerKind for DepthwiseConv2D {
    const KIND: &'static str = "DepthwiseConv2D";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        let ([height, width], _) = self.window.output(name, Self::KIND, inputs[0])?;
        crate::layer::check_channels(name, Self::KIND, self.channels(), "channels", inputs[0])?;
        Ok(Shape::from([height, width, self.outputs()]))
    }

    fn macs(&self, _inputs: &[&Shape], output: &Shape) -> u64 {
        (output.elements() * self.window.kernel().iter().product::<usize>()) as u64
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![("depth_multiplier", self.multiplier().to_string())];
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
        let [_, columns, outputs] = output.as_image().expect("checked shape");
        let (image, kernel) = (inputs[0].data(), self.kernel.data());
        let [_, kernel_width] = self.window.kernel();
        let multiplier = self.multiplier();
        let mut sums = Tensor::from_fn(output.clone(), |i| {
            let (position, out) = (i / outputs, i % outputs);
            let channel = out / multiplier;
            let mut sum = self.bias.as_ref().map_or(0.0, |b| f64::from(b.data()[out]));
            let position = [position / columns, position % columns];
            for (ky, kx, y, x) in self.window.pixels([height, width], position) {
                let weight = (ky * kernel_width + kx) * outputs + out;
                let pixel = (y * width + x) * channels + channel;
                sum += f64::from(image[pixel]) * f64::from(kernel[weight]);
            }
            sum as f32
        });
        self.activation.apply(sums.data_mut(), outputs);
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Padding;

    /// Two channels with two kernels of 1×2 each, by hand.
    #[test]
    fn channels_do_not_mix() {
        let window = Window::new([1, 2], [1, 1], Padding::Valid).unwrap();
        // [kx][channel][multiplier]
        let weights = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let kernel = Tensor::new([1, 2, 2, 2], weights).unwrap();
        let layer = DepthwiseConv2D::new(window, kernel, None).unwrap();
        let image = Tensor::new([1, 2, 2], vec![1.0, 10.0, 100.0, 1000.0]).unwrap();
        let shape = layer.output_shape("depthwise", &[image.shape()]).unwrap();
        assert_eq!(shape, Shape::from([1, 1, 4]));
        assert_eq!(layer.macs(&[image.shape()], &shape), 8);
        // 1·1 + 100·5, 1·2 + 100·6, 10·3 + 1000·7, 10·4 + 1000·8.
        let sums = layer.run(&[&image], &shape);
        assert_eq!(sums.data(), [501.0, 602.0, 7030.0, 8040.0]);
    }
}
