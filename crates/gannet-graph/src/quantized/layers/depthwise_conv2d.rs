//! Convolution of each channel by itself: the cheap half of a separable convolution.

use crate::{
    Arity, GraphError, Shape, Window,
    quantized::{
        LayerKind, Multiplier, Products, Quantization, QuantizedTensor, TensorType, Weight,
        products::Rescale,
    },
};

/// Each input channel gives `multiplier` output channels of its own, in the order
/// channel-major: `[height, width, channels]` to `[positions, positions, channels·multiplier]`.
#[derive(Debug, Clone, PartialEq)]
pub struct DepthwiseConv2D {
    window: Window,
    products: Products,
}

impl DepthwiseConv2D {
    /// A layer over a kernel `[height, width, channels, multiplier]` and a bias
    /// `[channels·multiplier]`.
    ///
    /// # Errors
    /// [`GraphError::WeightShape`] if the weights suit neither the window nor each other.
    pub fn new(window: Window, products: Products) -> Result<Self, GraphError> {
        let kernel = products.kernel().shape();
        let [channels, multiplier] =
            window.channels_of(Self::KIND, kernel, "channels, multiplier")?;
        let outputs = channels * multiplier;
        products.check(Self::KIND, outputs)?;
        Ok(DepthwiseConv2D { window, products })
    }

    /// The sliding window.
    pub fn window(&self) -> Window {
        self.window
    }

    /// The weights and what becomes of the sums.
    pub fn products(&self) -> &Products {
        &self.products
    }

    /// How many channels it takes.
    pub fn channels(&self) -> usize {
        self.products.kernel().shape().dims()[2]
    }

    /// How many channels it makes of each.
    pub fn multiplier(&self) -> usize {
        self.products.kernel().shape().dims()[3]
    }

    /// How many channels it gives.
    pub fn outputs(&self) -> usize {
        self.channels() * self.multiplier()
    }

    /// What the sums are multiplied by behind an input of that quantization: one number for
    /// all channels or one for each.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scales are too far apart.
    pub fn multipliers(&self, input: Quantization) -> Result<Vec<Multiplier>, GraphError> {
        self.products.multipliers(input, Rescale::Convolution)
    }
}

impl LayerKind for DepthwiseConv2D {
    const KIND: &'static str = "DepthwiseConv2D";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let image = &inputs[0].shape;
        let ([height, width], _) = self.window.output(name, Self::KIND, image)?;
        crate::layer::check_channels(name, Self::KIND, self.channels(), "channels", image)?;
        let shape = Shape::from([height, width, self.outputs()]);
        self.products
            .output_type(name, Self::KIND, inputs[0], shape, Rescale::Convolution)
    }

    fn macs(&self, _inputs: &[&TensorType], output: &TensorType) -> u64 {
        (output.shape.elements() * self.window.kernel().iter().product::<usize>()) as u64
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![("depth_multiplier", self.multiplier().to_string())];
        attributes.extend(self.window.attributes("kernel_size"));
        attributes.push(("activation", self.products.clamp().to_string()));
        attributes
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        self.products.weights()
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let image = inputs[0];
        let [height, width, channels] = image.shape().as_image().expect("checked shape");
        let [_, columns, outputs] = output.shape.as_image().expect("checked shape");
        let [_, kernel_width] = self.window.kernel();
        let kernel = self.products.kernel().values();
        let finish = self
            .products
            .finish(image.quantization(), Rescale::Convolution);
        QuantizedTensor::from_fn(output.clone(), |i| {
            let (position, out) = (i / outputs, i % outputs);
            let channel = out / self.multiplier();
            let sum = self
                .window
                .pixels([height, width], [position / columns, position % columns])
                .map(|(ky, kx, y, x)| {
                    let pixel = image.centred((y * width + x) * channels + channel);
                    let weight = kernel[(ky * kernel_width + kx) * outputs + out];
                    i64::from(pixel) * i64::from(weight)
                });
            finish.apply(sum.sum(), out)
        })
    }
}
