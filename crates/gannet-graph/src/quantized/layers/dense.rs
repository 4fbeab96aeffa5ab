//! A fully connected layer.

use crate::{
    Arity, GraphError, Shape,
    quantized::{
        LayerKind, Multiplier, Products, Quantization, QuantizedTensor, TensorType, Weight,
        products::Rescale,
    },
};

/// `clamp(rescale(x · kernel + bias))`: `[features]` to `[units]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    products: Products,
}

impl Dense {
    /// A layer over a kernel `[features, units]` and a bias `[units]`.
    ///
    /// # Errors
    /// [`GraphError::WeightShape`] if the weights do not suit each other.
    pub fn new(products: Products) -> Result<Self, GraphError> {
        let &[_, units] = products.kernel().shape().dims() else {
            return Err(GraphError::WeightShape {
                kind: Self::KIND,
                weight: "kernel",
                expected: "[features, units]".to_owned(),
                found: products.kernel().shape().clone(),
            });
        };
        products.check(Self::KIND, units)?;
        Ok(Dense { products })
    }

    /// The weights and what becomes of the sums.
    pub fn products(&self) -> &Products {
        &self.products
    }

    /// How many features it takes.
    pub fn features(&self) -> usize {
        self.products.kernel().shape().dims()[0]
    }

    /// How many values it gives.
    pub fn units(&self) -> usize {
        self.products.kernel().shape().dims()[1]
    }

    /// What the sums are multiplied by, [rounded once](Multiplier::apply_once), behind an input
    /// of that quantization: one number for all units or one for each.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scales are too far apart.
    pub fn multipliers(&self, input: Quantization) -> Result<Vec<Multiplier>, GraphError> {
        self.products.multipliers(input, Rescale::FullyConnected)
    }
}

impl LayerKind for Dense {
    const KIND: &'static str = "Dense";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let vector = &inputs[0].shape;
        if vector.as_vector().is_none() {
            return Err(GraphError::Rank {
                layer: name.to_owned(),
                kind: Self::KIND,
                expected: "a vector [features]; put a Reshape layer in front",
                found: vector.clone(),
            });
        }
        crate::layer::check_channels(name, Self::KIND, self.features(), "features", vector)?;
        let shape = Shape::from([self.units()]);
        self.products
            .output_type(name, Self::KIND, inputs[0], shape, Rescale::FullyConnected)
    }

    fn macs(&self, _inputs: &[&TensorType], _output: &TensorType) -> u64 {
        self.products.kernel().values().len() as u64
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("units", self.units().to_string()),
            ("activation", self.products.clamp().to_string()),
        ]
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        self.products.weights()
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let (input, units) = (inputs[0], self.units());
        let kernel = self.products.kernel().values();
        let finish = self
            .products
            .finish(input.quantization(), Rescale::FullyConnected);
        let mut sums = vec![0_i64; units];
        for feature in 0..self.features() {
            let value = input.centred(feature);
            for (sum, &weight) in sums.iter_mut().zip(&kernel[feature * units..]) {
                *sum += i64::from(value * i32::from(weight));
            }
        }
        QuantizedTensor::from_fn(output.clone(), |unit| finish.apply(sums[unit], unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantized::{Bias, Clamp, Element, Kernel, WeightBits};

    /// Input scale 0.5, zero point −1: 3 and −5 are 4 and −4 steps. Kernel scale 0.25, output
    /// scale 0.5, so a sum counts a quarter. 4·2 − 4·(−3) + 6 = 26, 6.5, up to 7, + 10 = 17;
    /// 4·(−1) − 4·1 + 0 = −8, −2, + 10 = 8, which ReLU lifts to the zero point 10.
    #[test]
    fn dense_by_hand() {
        let input = Quantization::new(Element::I8, 0.5, -1).unwrap();
        let output = Quantization::new(Element::I8, 0.5, 10).unwrap();
        let kernel =
            Kernel::new([2, 2], vec![2, -1, -3, 1], WeightBits::Eight, vec![0.25]).unwrap();
        let bias = Some(Bias::I32(vec![6, 0]));
        let layer = Dense::new(Products::new(kernel, bias, output, Clamp::Relu)).unwrap();
        let input = QuantizedTensor::new(TensorType::new([2], input), vec![3, -5]).unwrap();
        let output = layer.output_type("dense", &[input.tensor_type()]).unwrap();
        assert_eq!(layer.run(&[&input], &output).data(), [17, 10]);
    }
}
