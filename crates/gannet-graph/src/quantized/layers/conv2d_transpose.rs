//! Transposed convolution.

use crate::{
    Arity, GraphError, Shape, Window,
    quantized::{
        LayerKind, Multiplier, Products, Quantization, QuantizedTensor, TensorType, Weight,
        products::Rescale,
    },
    transposed_window::TransposedWindow,
};

/// Each input pixel adds its multiple of the kernel to the output at `stride` times its place;
/// the sums are rescaled and clamped. The output has the extents that the float layer's has.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2DTranspose {
    window: TransposedWindow,
    products: Products,
}

impl Conv2DTranspose {
    /// A layer over a kernel `[height, width, channels, filters]` and a bias `[filters]`: filters
    /// are innermost, as scales are, and not channels as in the float layer.
    ///
    /// # Errors
    /// [`GraphError::WeightShape`] if the weights suit neither the window nor each other.
    pub fn new(window: Window, products: Products) -> Result<Self, GraphError> {
        let kernel = products.kernel().shape();
        let [_, filters] = window.channels_of(Self::KIND, kernel, "channels, filters")?;
        products.check(Self::KIND, filters)?;
        let window = TransposedWindow::new(window);
        Ok(Conv2DTranspose { window, products })
    }

    /// The window of the convolution that this one is the transpose of.
    pub fn window(&self) -> Window {
        self.window.window()
    }

    /// The weights and what becomes of the sums.
    pub fn products(&self) -> &Products {
        &self.products
    }

    /// How many channels it takes.
    pub fn channels(&self) -> usize {
        self.products.kernel().shape().dims()[2]
    }

    /// How many channels it gives.
    pub fn filters(&self) -> usize {
        self.products.kernel().shape().dims()[3]
    }

    /// What the sums are multiplied by behind an input of that quantization: one number for
    /// all filters or one for each.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scales are too far apart.
    pub fn multipliers(&self, input: Quantization) -> Result<Vec<Multiplier>, GraphError> {
        self.products.multipliers(input, Rescale::Convolution)
    }
}

impl LayerKind for Conv2DTranspose {
    const KIND: &'static str = "Conv2DTranspose";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let image = &inputs[0].shape;
        let [height, width, _] = crate::layer::image(name, Self::KIND, image)?;
        crate::layer::check_channels(name, Self::KIND, self.channels(), "channels", image)?;
        // What leaves nothing is refused as any output without extent.
        let [height, width] = self.window.extents([height, width]).unwrap_or([0; 2]);
        let shape = Shape::from([height, width, self.filters()]);
        self.products
            .output_type(name, Self::KIND, inputs[0], shape, Rescale::Convolution)
    }

    fn macs(&self, inputs: &[&TensorType], _output: &TensorType) -> u64 {
        let positions = (inputs[0].shape.elements() / self.channels()) as u64;
        positions * self.products.kernel().values().len() as u64
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![("filters", self.filters().to_string())];
        attributes.extend(self.window().attributes("kernel_size"));
        attributes.push(("activation", self.products.clamp().to_string()));
        attributes
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        self.products.weights()
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let image = inputs[0];
        let [height, width, channels] = image.shape().as_image().expect("checked shape");
        let [_, columns, filters] = output.shape.as_image().expect("checked shape");
        let kernel = self.products.kernel().values();
        let finish = self
            .products
            .finish(image.quantization(), Rescale::Convolution);
        QuantizedTensor::from_fn(output.clone(), |i| {
            let (position, filter) = (i / filters, i % filters);
            let place = [position / columns, position % columns];
            let mut sum = 0;
            for (k, y, x) in self.window.pixels([height, width], place) {
                for channel in 0..channels {
                    let pixel = image.centred((y * width + x) * channels + channel);
                    let weight = kernel[(k * channels + channel) * filters + filter];
                    sum += i64::from(pixel) * i64::from(weight);
                }
            }
            finish.apply(sum, filter)
        })
    }
}
