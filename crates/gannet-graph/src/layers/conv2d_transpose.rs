//! Transposed convolution: what a convolution's gradient does, used to make images larger.

use crate::{
    Arity, Function, GraphError, LayerKind, Regularizer, Shape, Tensor, Weight, Window,
    transposed_window::TransposedWindow,
};

/// Each input pixel adds its multiple of the kernel to the output at `stride` times its place;
/// padding is cut off. The output has the extents from which a convolution with the same window
/// would give the input: with `same` padding `stride` times the input's, with `valid` padding
/// `(input − 1)·stride + max(extent, stride)`, as in Keras, and with explicit padding
/// `(input − 1)·stride + extent − padding + output padding`, as in ONNX and PyTorch.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2DTranspose {
    window: TransposedWindow,
    kernel: Tensor,
    bias: Option<Tensor>,
    /// Applied to the sums.
    pub activation: Function,
    /// Penalty on the kernel in training.
    pub kernel_regularizer: Regularizer,
}

impl Conv2DTranspose {
    /// A layer over a kernel `[height, width, filters, channels]` and a bias `[filters]`.
    ///
    /// # Errors
    /// [`GraphError::WeightShape`] if the weights suit neither the window nor each other.
    pub fn new(window: Window, kernel: Tensor, bias: Option<Tensor>) -> Result<Self, GraphError> {
        let [filters, _] = window.channels_of(Self::KIND, kernel.shape(), "filters, channels")?;
        crate::layer::check_vector(Self::KIND, "bias", bias.as_ref(), filters)?;
        Ok(Conv2DTranspose {
            window: TransposedWindow::new(window),
            kernel,
            bias,
            activation: Function::Linear,
            kernel_regularizer: Regularizer::NONE,
        })
    }

    /// A layer of zeros without a bias, from `channels` to `filters`.
    pub fn zeros(window: Window, channels: usize, filters: usize) -> Self {
        let [height, width] = window.kernel();
        let kernel = Tensor::zeros([height, width, filters, channels]);
        Conv2DTranspose::new(window, kernel, None).expect("the kernel has the window's extents")
    }

    /// The same layer with a bias of zeros.
    pub fn with_bias(self) -> Self {
        let bias = Some(Tensor::zeros([self.filters()]));
        Conv2DTranspose { bias, ..self }
    }

    /// The same layer with `activation` on its sums.
    pub fn with_activation(self, activation: Function) -> Self {
        Conv2DTranspose { activation, ..self }
    }

    /// The same layer with so many rows below and columns to the right more, which the kernel
    /// may reach or not.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the padding is not explicit, which alone leaves a choice.
    pub fn with_output_padding(self, output_padding: [usize; 2]) -> Result<Self, GraphError> {
        let window = self.window.with_output_padding(output_padding)?;
        Ok(Conv2DTranspose { window, ..self })
    }

    /// The window of the convolution that this one is the transpose of.
    pub fn window(&self) -> Window {
        self.window.window()
    }

    /// Rows below and columns to the right beyond what the padding leaves.
    pub fn output_padding(&self) -> [usize; 2] {
        self.window.output_padding()
    }

    /// `[height, width, filters, channels]`.
    pub fn kernel(&self) -> &Tensor {
        &self.kernel
    }

    /// `[filters]`.
    pub fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// How many channels it takes.
    pub fn channels(&self) -> usize {
        self.kernel.shape().dims()[3]
    }

    /// How many channels it gives.
    pub fn filters(&self) -> usize {
        self.kernel.shape().dims()[2]
    }

    /// Rows above and columns to the left that are cut off.
    pub fn cut(&self) -> [usize; 2] {
        self.window.cut()
    }
}

impl LayerKind for Conv2DTranspose {
    const KIND: &'static str = "Conv2DTranspose";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        let [height, width, _] = crate::layer::image(name, Self::KIND, inputs[0])?;
        crate::layer::check_channels(name, Self::KIND, self.channels(), "channels", inputs[0])?;
        // What leaves nothing is refused as any output without extent.
        let [height, width] = self.window.extents([height, width]).unwrap_or([0; 2]);
        Ok(Shape::from([height, width, self.filters()]))
    }

    fn macs(&self, inputs: &[&Shape], _output: &Shape) -> u64 {
        let positions = (inputs[0].elements() / self.channels()) as u64;
        positions * self.kernel.data().len() as u64
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![("filters", self.filters().to_string())];
        attributes.extend(self.window().attributes("kernel_size"));
        if self.output_padding() != [0; 2] {
            let padding = format!("{:?}", self.output_padding());
            attributes.push(("output_padding", padding));
        }
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
        let mut sums = Tensor::from_fn(output.clone(), |i| {
            let (position, filter) = (i / filters, i % filters);
            let place = [position / columns, position % columns];
            let mut sum = (self.bias.as_ref()).map_or(0.0, |bias| f64::from(bias.data()[filter]));
            for (k, y, x) in self.window.pixels([height, width], place) {
                let pixel = &image[(y * width + x) * channels..][..channels];
                let weights = &kernel[(k * filters + filter) * channels..][..channels];
                let products = pixel.iter().zip(weights);
                sum += products
                    .map(|(&x, &weight)| f64::from(x) * f64::from(weight))
                    .sum::<f64>();
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

    fn run(padding: Padding, stride: usize, output_padding: [usize; 2]) -> Tensor {
        let window = Window::new([1, 3], [1, stride], padding).unwrap();
        let kernel = Tensor::new([1, 3, 1, 1], vec![1.0, 10.0, 100.0]).unwrap();
        let layer = Conv2DTranspose::new(window, kernel, None).unwrap();
        let layer = layer.with_output_padding(output_padding).unwrap();
        let image = Tensor::new([1, 2, 1], vec![1.0, 2.0]).unwrap();
        let shape = layer.output_shape("transpose", &[image.shape()]).unwrap();
        layer.run(&[&image], &shape)
    }

    /// 1·[1, 10, 100] at 0 and 2·[1, 10, 100] at the stride, by hand.
    #[test]
    fn pixels_become_multiples_of_the_kernel() {
        let valid = run(Padding::Valid, 2, [0; 2]);
        assert_eq!(valid.data(), [1.0, 10.0, 102.0, 20.0, 200.0]);
        // Of three columns too many one half, rounded down, is cut off at the left.
        let same = run(Padding::Same, 2, [0; 2]);
        assert_eq!(same.data(), [1.0, 10.0, 102.0, 20.0]);
        let same = run(Padding::Same, 1, [0; 2]);
        assert_eq!(same.data(), [12.0, 120.0]);
        // Where the stride is larger than the kernel, nothing reaches the last columns.
        let valid = run(Padding::Valid, 4, [0; 2]);
        assert_eq!(valid.data(), [1.0, 10.0, 100.0, 0.0, 2.0, 20.0, 200.0, 0.0]);
        let padding = Padding::Explicit {
            vertical: [0; 2],
            horizontal: [1, 1],
        };
        let explicit = run(padding, 2, [0, 1]);
        assert_eq!(explicit.data(), [10.0, 102.0, 20.0, 200.0]);
    }
}
