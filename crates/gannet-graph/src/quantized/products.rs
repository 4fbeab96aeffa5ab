//! Sums of products: what convolutions and fully connected layers share.

use crate::{
    GraphError, Shape,
    quantized::{Bias, Clamp, Element, Kernel, Multiplier, Quantization, TensorType, Weight},
};

/// Weights, and what becomes of the sums of their products with an input.
#[derive(Debug, Clone, PartialEq)]
pub struct Products {
    kernel: Kernel,
    bias: Option<Bias>,
    output: Quantization,
    clamp: Clamp,
}

/// In which of LiteRT's two ways sums are brought to the scale of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rescale {
    /// Rounded twice; the scales are multiplied as `f64`.
    Convolution,
    /// Rounded once; the scales are multiplied as `f32` if the kernel has a single one.
    FullyConnected,
}

/// How a layer's sums become its output.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finish<'a> {
    multipliers: Vec<Multiplier>,
    bias: Option<&'a Bias>,
    wide: bool,
    rescale: Rescale,
    zero_point: i32,
    limits: [i32; 2],
}

impl Products {
    /// Products with `kernel`, brought to `output` and held within `clamp`.
    pub fn new(kernel: Kernel, bias: Option<Bias>, output: Quantization, clamp: Clamp) -> Self {
        Products {
            kernel,
            bias,
            output,
            clamp,
        }
    }

    /// The weights.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// One for each output channel, at the scale `input scale · kernel scale`.
    pub fn bias(&self) -> Option<&Bias> {
        self.bias.as_ref()
    }

    /// What the output's integers stand for.
    pub fn output(&self) -> Quantization {
        self.output
    }

    /// The limits of the output.
    pub fn clamp(&self) -> Clamp {
        self.clamp
    }

    /// The limits of the output's integers.
    pub fn limits(&self) -> [i32; 2] {
        self.clamp.limits(self.output)
    }

    /// Whether sums behind an input of `input` have 64 bits. A convolution's are then rounded
    /// by [`Multiplier::apply_wide`], a fully connected layer's as always.
    pub fn is_wide(&self, input: Element) -> bool {
        input == Element::I16 && !matches!(self.bias, Some(Bias::I32(_)))
    }

    /// Kernel and bias suit `channels` output channels.
    pub(super) fn check(&self, kind: &'static str, channels: usize) -> Result<(), GraphError> {
        let wrong = |weight, expected: String, found: usize| GraphError::WeightShape {
            kind,
            weight,
            expected,
            found: Shape::from([found]),
        };
        let scales = self.kernel.scales().len();
        if scales != 1 && scales != channels {
            return Err(wrong("scales", format!("1 or {channels}"), scales));
        }
        match &self.bias {
            Some(bias) if bias.len() != channels => {
                Err(wrong("bias", channels.to_string(), bias.len()))
            }
            _ => Ok(()),
        }
    }

    /// The type that layer `name` gives: of `shape`, if products with an input of `input` can
    /// be brought to it.
    pub(super) fn output_type(
        &self,
        name: &str,
        kind: &'static str,
        input: &TensorType,
        shape: Shape,
        rescale: Rescale,
    ) -> Result<TensorType, GraphError> {
        let (from, to) = (input.quantization.element(), self.output.element());
        let rule = if from == Element::U8 || from != to {
            Some("int8 or int16 and gives the same; requantize before it")
        } else if from == Element::I8 && matches!(self.bias, Some(Bias::I64(_))) {
            Some("a bias of 64 bits only behind int16")
        } else {
            None
        };
        if let Some(rule) = rule {
            return Err(GraphError::Quantization {
                layer: name.to_owned(),
                kind,
                rule,
                found: format!("{from} to {to}"),
            });
        }
        let multipliers = self.multipliers(input.quantization, rescale)?;
        if self.is_wide(from) && multipliers.iter().any(|m| m.shift() > 7) {
            return Err(GraphError::Range {
                what: "the ratio of a layer's scales",
                found: self.output.scale().to_string(),
                expected: "below 128 behind int16",
            });
        }
        Ok(TensorType::new(shape, self.output))
    }

    /// What each output channel's sums are multiplied by: one for all if there is one scale.
    pub(super) fn multipliers(
        &self,
        input: Quantization,
        rescale: Rescale,
    ) -> Result<Vec<Multiplier>, GraphError> {
        let output = f64::from(self.output.scale());
        let single = rescale == Rescale::FullyConnected && self.kernel.scales().len() == 1;
        let multiplier = |&kernel: &f32| {
            let product = if single {
                f64::from(input.scale() * kernel)
            } else {
                f64::from(input.scale()) * f64::from(kernel)
            };
            Multiplier::new(product / output)
        };
        self.kernel.scales().iter().map(multiplier).collect()
    }

    /// How the sums of a layer whose input type was accepted become its output.
    pub(super) fn finish(&self, input: Quantization, rescale: Rescale) -> Finish<'_> {
        Finish {
            multipliers: self.multipliers(input, rescale).expect("checked scales"),
            bias: self.bias.as_ref(),
            wide: self.is_wide(input.element()),
            rescale,
            zero_point: self.output.zero_point(),
            limits: self.limits(),
        }
    }

    /// Kernel and bias.
    pub(super) fn weights(&self) -> Vec<Weight<'_>> {
        let kernel = Weight::kernel("kernel", &self.kernel);
        let bias = self.bias.as_ref().map(|bias| Weight::bias("bias", bias));
        std::iter::once(kernel).chain(bias).collect()
    }
}

impl Finish<'_> {
    /// The output for the sum of an output channel's products. A sum that leaves 32 bits wraps
    /// around, if the layer's sums have 32 bits.
    pub(super) fn apply(&self, products: i64, channel: usize) -> i32 {
        let sum = products + self.bias.map_or(0, |bias| bias.get(channel));
        let multiplier = match self.multipliers.as_slice() {
            [single] => single,
            several => &several[channel],
        };
        let scaled = match (self.wide, self.rescale) {
            (true, Rescale::Convolution) => multiplier.apply_wide(sum),
            (true, Rescale::FullyConnected) => multiplier.apply_once(sum),
            (false, Rescale::Convolution) => multiplier.apply(sum as i32),
            (false, Rescale::FullyConnected) => multiplier.apply_once((sum as i32).into()),
        };
        let [low, high] = self.limits;
        scaled.saturating_add(self.zero_point).clamp(low, high)
    }
}
