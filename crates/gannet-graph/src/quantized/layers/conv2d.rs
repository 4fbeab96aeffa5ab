//! Two-dimensional convolution (cross-correlation, as every framework has it).

use crate::{
    Arity, GraphError, Shape, Window,
    quantized::{
        LayerKind, Multiplier, Products, Quantization, QuantizedTensor, TensorType, Weight,
        products::Rescale,
    },
};

/// `clamp(rescale(image ⋆ kernel + bias))`: `[height, width, channels]` to
/// `[positions, positions, filters]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2D {
    window: Window,
    products: Products,
}

impl Conv2D {
    /// A layer over a kernel `[height, width, channels, filters]` and a bias `[filters]`.
    ///
    /// # Errors
    /// [`GraphError::WeightShape`] if the weights suit neither the window nor each other.
    pub fn new(window: Window, products: Products) -> Result<Self, GraphError> {
        let [height, width] = window.kernel();
        let filters = match products.kernel().shape().dims() {
            &[h, w, _, filters] if [h, w] == [height, width] => filters,
            _ => {
                return Err(GraphError::WeightShape {
                    kind: Self::KIND,
                    weight: "kernel",
                    expected: format!("[{height}, {width}, channels, filters]"),
                    found: products.kernel().shape().clone(),
                });
            }
        };
        products.check(Self::KIND, filters)?;
        Ok(Conv2D { window, products })
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

impl LayerKind for Conv2D {
    const KIND: &'static str = "Conv2D";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let image = &inputs[0].shape;
        let ([height, width], _) = self.window.output(name, Self::KIND, image)?;
        crate::layer::check_channels(name, Self::KIND, self.channels(), "channels", image)?;
        let shape = Shape::from([height, width, self.filters()]);
        self.products
            .output_type(name, Self::KIND, inputs[0], shape, Rescale::Convolution)
    }

    fn macs(&self, _inputs: &[&TensorType], output: &TensorType) -> u64 {
        let positions = (output.shape.elements() / self.filters()) as u64;
        positions * self.products.kernel().values().len() as u64
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![("filters", self.filters().to_string())];
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
        let [_, columns, filters] = output.shape.as_image().expect("checked shape");
        let [_, kernel_width] = self.window.kernel();
        let kernel = self.products.kernel().values();
        let finish = self
            .products
            .finish(image.quantization(), Rescale::Convolution);
        let mut data = Vec::with_capacity(output.shape.elements());
        let mut sums = vec![0_i64; filters];
        for position in 0..output.shape.elements() / filters {
            sums.fill(0);
            let position = [position / columns, position % columns];
            for (ky, kx, y, x) in self.window.pixels([height, width], position) {
                for channel in 0..channels {
                    let pixel = image.centred((y * width + x) * channels + channel);
                    let first = ((ky * kernel_width + kx) * channels + channel) * filters;
                    for (sum, &weight) in sums.iter_mut().zip(&kernel[first..]) {
                        *sum += i64::from(pixel * i32::from(weight));
                    }
                }
            }
            let sums = sums.iter().enumerate();
            data.extend(sums.map(|(filter, &sum)| finish.apply(sum, filter)));
        }
        QuantizedTensor::from_fn(output.clone(), |i| data[i])
    }
}
