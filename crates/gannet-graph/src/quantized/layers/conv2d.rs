//! Two-dimensional convolution (cross-correlation, as every framework has it).

use crate::{
    Arity, GraphError, Shape, Window,
    quantized::{
        LayerKind, Multiplier, Products, Quantization, QuantizedTensor, TensorType, Weight,
        products::Rescale,
    },
};

/// `clamp(rescale(image ⋆ kernel + bias))`: `[height, width, channels]` to
/// `[positions, positions, filters]`. With several groups, channels and filters are cut into as
/// many stretches, and each filter sees the channels of its own stretch alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2D {
    window: Window,
    groups: usize,
    products: Products,
}

impl Conv2D {
    /// A layer over a kernel `[height, width, channels, filters]` and a bias `[filters]`.
    ///
    /// # Errors
    /// [`GraphError::WeightShape`] if the weights suit neither the window nor each other.
    pub fn new(window: Window, products: Products) -> Result<Self, GraphError> {
        let kernel = products.kernel().shape();
        let [_, filters] = window.channels_of(Self::KIND, kernel, "channels, filters")?;
        products.check(Self::KIND, filters)?;
        Ok(Conv2D {
            window,
            groups: 1,
            products,
        })
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

    /// The sliding window.
    pub fn window(&self) -> Window {
        self.window
    }

    /// In how many groups channels and filters are.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The weights and what becomes of the sums.
    pub fn products(&self) -> &Products {
        &self.products
    }

    /// How many channels it takes.
    pub fn channels(&self) -> usize {
        self.products.kernel().shape().dims()[2] * self.groups
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
        if self.groups > 1 {
            attributes.push(("groups", self.groups.to_string()));
        }
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
        let [of_group, filters_of_group] = [channels, filters].map(|all| all / self.groups);
        let mut data = Vec::with_capacity(output.shape.elements());
        let mut sums = vec![0_i64; filters];
        for position in 0..output.shape.elements() / filters {
            sums.fill(0);
            let position = [position / columns, position % columns];
            for (ky, kx, y, x) in self.window.pixels([height, width], position) {
                for channel in 0..channels {
                    let pixel = image.centred((y * width + x) * channels + channel);
                    let (group, channel) = (channel / of_group, channel % of_group);
                    let first = ((ky * kernel_width + kx) * of_group + channel) * filters;
                    let filters = group * filters_of_group..(group + 1) * filters_of_group;
                    let weights = &kernel[first..][filters.clone()];
                    for (sum, &weight) in sums[filters].iter_mut().zip(weights) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Padding,
        quantized::{Clamp, Element, Kernel, WeightBits},
    };

    /// Two groups of one channel and one filter each, scales of 1: 1·1 + 2·3 and 10·2 + 20·4.
    #[test]
    fn groups_by_hand() {
        let integers = Quantization::new(Element::I8, 1.0, 0).unwrap();
        let window = Window::new([1, 2], [1, 1], Padding::Valid).unwrap();
        let values = vec![1, 2, 3, 4];
        let kernel = Kernel::new([1, 2, 1, 2], values, WeightBits::Eight, vec![1.0]).unwrap();
        let products = Products::new(kernel, None, integers, Clamp::None);
        let layer = Conv2D::new(window, products).unwrap();
        assert!(layer.clone().with_groups(3).is_err());
        let layer = layer.with_groups(2).unwrap();
        let image = TensorType::new([1, 2, 2], integers);
        let output = layer.output_type("conv", &[&image]).unwrap();
        let image = QuantizedTensor::new(image, vec![1, 10, 2, 20]).unwrap();
        assert_eq!(layer.run(&[&image], &output).data(), [7, 100]);
        assert_eq!(layer.macs(&[], &output), 4);
    }
}
