//! Two-dimensional convolution (cross-correlation, as every framework has it).

use crate::{Arity, Function, GraphError, LayerKind, Regularizer, Shape, Tensor, Weight, Window};

/// `activation(image ⋆ kernel + bias)`: `[height, width, channels]` to
/// `[positions, positions, filters]`. With several groups, channels and filters are cut into as
/// many stretches, and each filter sees the channels of its own stretch alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2D {
    window: Window,
    groups: usize,
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
        let [_, filters] = window.channels_of(Self::KIND, kernel.shape(), "channels, filters")?;
        crate::layer::check_vector(Self::KIND, "bias", bias.as_ref(), filters)?;
        Ok(Conv2D {
            window,
            groups: 1,
            kernel,
            bias,
            activation: Function::Linear,
            kernel_regularizer: Regularizer::NONE,
        })
    }

    /// A layer of zeros without a bias, from `channels` to `filters`.
    pub fn zeros(window: Window, channels: usize, filters: usize) -> Self {
        let [height, width] = window.kernel();
        let kernel = Tensor::zeros([height, width, channels, filters]);
        Conv2D::new(window, kernel, None).expect("the kernel has the window's extents")
    }

    /// The same kernel as that of a convolution of several groups, each of as many channels as
    /// the kernel has.
    ///
    /// # Errors
    /// [`GraphError::Groups`] if the filters cannot be shared out.
    pub fn with_groups(self, groups: usize) -> Result<Self, GraphError> {
        let filters = self.filters();
        if groups == 0 || !filters.is_multiple_of(groups) {
            return Err(GraphError::Groups { groups, filters });
        }
        Ok(Conv2D { groups, ..self })
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

    /// The sliding window, of which the border rule may be changed, and no extent.
    pub(crate) fn window_mut(&mut self) -> &mut Window {
        &mut self.window
    }

    /// In how many groups channels and filters are.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// `[height, width, channels of a group, filters]`.
    pub fn kernel(&self) -> &Tensor {
        &self.kernel
    }

    /// `[filters]`.
    pub fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// How many channels it takes.
    pub fn channels(&self) -> usize {
        self.kernel.shape().dims()[2] * self.groups
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
        if self.groups > 1 {
            attributes.push(("groups", self.groups.to_string()));
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
        let [_, kernel_width] = self.window.kernel();
        let [of_group, filters_of_group] = [channels, filters].map(|all| all / self.groups);
        let mut sums = Tensor::from_fn(output.clone(), |i| {
            let (position, filter) = (i / filters, i % filters);
            let mut sum = self
                .bias
                .as_ref()
                .map_or(0.0, |bias| f64::from(bias.data()[filter]));
            let position = [position / columns, position % columns];
            let first = filter / filters_of_group * of_group;
            for (ky, kx, y, x) in self.window.pixels([height, width], position) {
                for channel in 0..of_group {
                    let weight = ((ky * kernel_width + kx) * of_group + channel) * filters + filter;
                    let pixel = (y * width + x) * channels + first + channel;
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

    /// Two groups of one channel and one filter each, with holes in the kernel.
    #[test]
    fn groups_and_dilation_by_hand() {
        let window = Window::new([1, 2], [1, 1], Padding::Valid).unwrap();
        let window = window.with_dilation([1, 2]).unwrap();
        // [kx][channel of the group][filter]
        let kernel = Tensor::new([1, 2, 1, 2], vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        let layer = Conv2D::new(window, kernel, None).unwrap();
        let layer = layer.with_groups(2).unwrap();
        let image = Tensor::new([1, 3, 2], vec![1.0, 10.0, 5.0, 50.0, 2.0, 20.0]).unwrap();
        let shape = layer.output_shape("conv", &[image.shape()]).unwrap();
        // 1·1 + 2·3, 10·2 + 20·4.
        assert_eq!(layer.run(&[&image], &shape).data(), [7.0, 100.0]);
        assert_eq!(layer.macs(&[image.shape()], &shape), 4);
        assert!(Conv2D::zeros(window, 1, 3).with_groups(2).is_err());
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
