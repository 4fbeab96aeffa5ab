//! Rectification that learnt how much of negative values it lets through.

use crate::{
    Arity, GraphError, Shape, broadcast,
    quantized::{
        Constants, Element, LayerKind, Multiplier, Quantization, QuantizedTensor, TensorType,
        Weight,
        layer::{one_element, one_int8},
    },
};

/// `x` where it is not negative, `alpha · x` elsewhere; both rescaled. Where an extent of
/// `alpha` is 1, one slope serves the whole extent: `[1, 1, channels]` has one for each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct PReLU {
    output: Quantization,
    shape: Shape,
    slopes: Vec<i8>,
    quantization: Quantization,
}

impl PReLU {
    /// A layer that gives `output`, over slopes that fill `alpha`.
    ///
    /// # Errors
    /// [`GraphError::TensorLength`] if the slopes do not fill the shape, and
    /// [`GraphError::Range`] if they are of another type than int8.
    pub fn new(
        output: Quantization,
        alpha: TensorType,
        slopes: Vec<i8>,
    ) -> Result<Self, GraphError> {
        let TensorType {
            shape,
            quantization,
        } = alpha;
        if quantization.element() != Element::I8 {
            return Err(GraphError::Range {
                what: "the type of the slopes of a PReLU layer",
                found: quantization.to_string(),
                expected: "int8",
            });
        }
        if shape.elements() != slopes.len() {
            let found = slopes.len();
            return Err(GraphError::TensorLength { shape, found });
        }
        Ok(PReLU {
            output,
            shape,
            slopes,
            quantization,
        })
    }

    /// The extents of the slopes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The slopes, row-major.
    pub fn slopes(&self) -> &[i8] {
        &self.slopes
    }

    /// What the integers of the slopes stand for.
    pub fn quantization(&self) -> Quantization {
        self.quantization
    }

    /// What inputs that are not negative are multiplied by, and products of negative ones and
    /// slopes: ratios that are rounded to `f32` as TFLite does.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scales are too far apart.
    pub fn multipliers(&self, input: Quantization) -> Result<[Multiplier; 2], GraphError> {
        let output = self.output.scale();
        Ok([
            Multiplier::new(f64::from(input.scale() / output))?,
            Multiplier::new(f64::from(
                input.scale() * self.quantization.scale() / output,
            ))?,
        ])
    }
}

impl LayerKind for PReLU {
    const KIND: &'static str = "PReLU";
    const ARITY: Arity = Arity::One;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let input = one_int8(name, Self::KIND, inputs)?;
        one_element(name, Self::KIND, inputs, self.output)?;
        self.multipliers(input)?;
        let shape = &inputs[0].shape;
        let suits = broadcast::joined(name, Self::KIND, &[shape, &self.shape])
            .is_ok_and(|joined| joined == *shape);
        if !suits {
            return Err(GraphError::WeightShape {
                kind: Self::KIND,
                weight: "alpha",
                expected: format!("{shape} or 1 in the place of some extents"),
                found: self.shape.clone(),
            });
        }
        Ok(TensorType::new(shape.clone(), self.output))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("alpha", self.quantization.to_string())]
    }

    fn weights(&self) -> Vec<Weight<'_>> {
        vec![Weight {
            name: "alpha",
            values: Constants::I8(&self.slopes),
            scales: &[],
        }]
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let multipliers = self.multipliers(inputs[0].quantization());
        let [positive, negative] = multipliers.expect("checked scales");
        QuantizedTensor::from_fn(output.clone(), |i| {
            let value = inputs[0].centred(i);
            let scaled = if value >= 0 {
                positive.apply(value)
            } else {
                let slope = self.slopes[broadcast::element(&self.shape, &output.shape, i)];
                negative.apply(value * (i32::from(slope) - self.quantization.zero_point()))
            };
            scaled.saturating_add(self.output.zero_point())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scale: f32, zero_point: i32) -> Quantization {
        Quantization::new(Element::I8, scale, zero_point).unwrap()
    }

    /// Inputs −3 and 5 stand for −2 and 2, the slopes for −1 and 1/2: outputs 2, −1, 2 and 2, in
    /// steps of 1/2.
    #[test]
    fn each_channel_has_its_own_slope() {
        let slopes = TensorType::new([1, 1, 2], of(0.25, 2));
        let layer = PReLU::new(of(0.5, 0), slopes, vec![-2, 4]).unwrap();
        let image = TensorType::new([1, 2, 2], of(0.5, 1));
        let output = layer.output_type("prelu", &[&image]).unwrap();
        let image = QuantizedTensor::new(image, vec![-3, -3, 5, 5]).unwrap();
        assert_eq!(layer.run(&[&image], &output).data(), [4, -2, 4, 4]);
        let other = TensorType::new([1, 2, 3], of(0.5, 1));
        let error = layer.output_type("prelu", &[&other]).unwrap_err();
        assert!(error.to_string().contains("alpha"), "{error}");
    }
}
