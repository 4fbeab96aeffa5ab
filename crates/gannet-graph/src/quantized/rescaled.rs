//! Sums and differences of two activations of different scales.

use crate::{
    GraphError,
    quantized::{
        Clamp, Element, Multiplier, Quantization, QuantizedTensor, TensorType,
        layer::{one_element, one_shape},
    },
};

/// Whether the second operand is added or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SumSign {
    /// `a + b`.
    Plus,
    /// `a − b`.
    Minus,
}

/// `a ± b` in integers: both are shifted to the left and brought to twice the larger scale,
/// and their sum to the output's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RescaledSum {
    /// By how many bits both are shifted to the left first.
    pub left_shift: u32,
    /// What each is then multiplied by; below 1.
    pub inputs: [Multiplier; 2],
    /// What their sum is multiplied by; below 1.
    pub output: Multiplier,
    /// Whether the second is added or taken away.
    pub sign: SumSign,
}

impl RescaledSum {
    /// The multipliers for inputs and an output of one element type.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the output's scale is far below that of an input.
    pub fn new(
        inputs: [Quantization; 2],
        output: Quantization,
        sign: SumSign,
    ) -> Result<Self, GraphError> {
        let left_shift = match output.element() {
            Element::I16 => 15,
            Element::I8 | Element::U8 => 20,
        };
        let scales = inputs.map(|input| f64::from(input.scale()));
        let twice_largest = 2.0 * scales[0].max(scales[1]);
        let below_one = |real: f64| match Multiplier::new(real)? {
            multiplier if multiplier.shift() <= 0 && real > 0.0 => Ok(multiplier),
            _ => Err(GraphError::Range {
                what: "the ratio of a sum's scales",
                found: real.to_string(),
                expected: "above 0 and below 1; choose a larger scale for the output",
            }),
        };
        Ok(RescaledSum {
            left_shift,
            inputs: [
                below_one(scales[0] / twice_largest)?,
                below_one(scales[1] / twice_largest)?,
            ],
            output: below_one(
                twice_largest / (f64::from(1 << left_shift) * f64::from(output.scale())),
            )?,
            sign,
        })
    }

    /// The sum, or difference, of `values`, all of them less their zero points.
    pub fn apply(&self, values: [i32; 2]) -> i32 {
        // The sign comes before the product: its rounding tells halves below from above zero.
        let signed = [
            values[0],
            match self.sign {
                SumSign::Plus => values[1],
                SumSign::Minus => -values[1],
            },
        ];
        let [a, b] = [0, 1].map(|i| self.inputs[i].apply(signed[i] << self.left_shift));
        self.output.apply(a + b)
    }
}

impl SumSign {
    /// What the layer `name` of a sum or difference gives for two inputs.
    pub(super) fn output_type(
        self,
        (name, kind): (&str, &'static str),
        inputs: &[&TensorType],
        output: Quantization,
    ) -> Result<TensorType, GraphError> {
        one_element(name, kind, inputs, output)?;
        RescaledSum::new([0, 1].map(|i| inputs[i].quantization), output, self)?;
        Ok(TensorType::new(one_shape(name, kind, inputs)?, output))
    }

    /// `clamp(rescale(a ± b))`, value by value, of inputs that `output_type` accepted.
    pub(super) fn run(
        self,
        inputs: &[&QuantizedTensor],
        output: &TensorType,
        clamp: Clamp,
    ) -> QuantizedTensor {
        let quantizations = [0, 1].map(|i| inputs[i].quantization());
        let sum = RescaledSum::new(quantizations, output.quantization, self);
        let sum = sum.expect("checked scales");
        let [low, high] = clamp.limits(output.quantization);
        QuantizedTensor::from_fn(output.clone(), |i| {
            let value = sum.apply([inputs[0].centred(i), inputs[1].centred(i)]);
            (value + output.quantization.zero_point()).clamp(low, high)
        })
    }
}
