//! The activation functions that cost nothing: limits of a layer's output.

use std::fmt;

use crate::quantized::Quantization;

/// Between which real numbers a layer's output is held, besides the range of its integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Clamp {
    /// No limits of its own.
    #[default]
    None,
    /// At least 0.
    Relu,
    /// −1 to 1.
    ReluN1To1,
    /// 0 to 6.
    Relu6,
}

impl Clamp {
    /// Every one of them.
    pub const ALL: &'static [Clamp] = &[Clamp::None, Clamp::Relu, Clamp::ReluN1To1, Clamp::Relu6];

    /// The smallest and the largest integer of an output of that quantization.
    pub fn limits(self, output: Quantization) -> [i32; 2] {
        let [low, high] = output.element().range();
        match self {
            Clamp::None => [low, high],
            Clamp::Relu => [output.quantize(0.0), high],
            Clamp::ReluN1To1 => [output.quantize(-1.0), output.quantize(1.0)],
            Clamp::Relu6 => [output.quantize(0.0), output.quantize(6.0)],
        }
    }
}

impl fmt::Display for Clamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Clamp::None => "none",
            Clamp::Relu => "relu",
            Clamp::ReluN1To1 => "relu_n1_to_1",
            Clamp::Relu6 => "relu6",
        })
    }
}
