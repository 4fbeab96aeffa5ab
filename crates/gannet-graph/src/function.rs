//! Activation functions: what a layer applies to its sums.

use std::fmt;

/// An activation function. All but softmax act on each value alone; softmax acts on the
/// innermost extent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Function {
    /// `x`.
    #[default]
    Linear,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x` where it is positive, `slope · x` elsewhere.
    LeakyRelu {
        /// What negative values are multiplied by.
        slope: f32,
    },
    /// `1 / (1 + e⁻ˣ)`.
    Sigmoid,
    /// `eˣ / Σ eˣ` over the innermost extent.
    Softmax,
}

impl Function {
    /// Every function, in the order of the documentation, with Keras' default slope.
    pub const ALL: &'static [Function] = &[
        Function::Linear,
        Function::Relu,
        Function::Relu6,
        Function::LeakyRelu { slope: 0.2 },
        Function::Sigmoid,
        Function::Softmax,
    ];

    /// Keras' name.
    pub fn name(self) -> &'static str {
        match self {
            Function::Linear => "linear",
            Function::Relu => "relu",
            Function::Relu6 => "relu6",
            Function::LeakyRelu { .. } => "leaky_relu",
            Function::Sigmoid => "sigmoid",
            Function::Softmax => "softmax",
        }
    }

    /// Whether it acts on each value alone and never falls where its argument rises, so that
    /// it may be applied before or after taking a maximum.
    pub fn commutes_with_maximum(self) -> bool {
        match self {
            Function::Linear | Function::Relu | Function::Relu6 | Function::Sigmoid => true,
            Function::LeakyRelu { slope } => slope >= 0.0,
            Function::Softmax => false,
        }
    }

    /// The function of that Keras name.
    pub fn from_name(name: &str) -> Option<Self> {
        Function::ALL
            .iter()
            .copied()
            .find(|function| function.name() == name)
    }

    /// Applies the function in place to values whose innermost extent is `channels`.
    /// The reference: computed in `f64`, rounded once.
    pub fn apply(self, values: &mut [f32], channels: usize) {
        match self {
            Function::Linear => {}
            Function::Relu => values.iter_mut().for_each(|x| *x = x.max(0.0)),
            Function::Relu6 => values.iter_mut().for_each(|x| *x = x.clamp(0.0, 6.0)),
            Function::LeakyRelu { slope } => {
                values
                    .iter_mut()
                    .filter(|x| **x < 0.0)
                    .for_each(|x| *x *= slope);
            }
            Function::Sigmoid => {
                values
                    .iter_mut()
                    .for_each(|x| *x = (1.0 / (1.0 + (-f64::from(*x)).exp())) as f32);
            }
            Function::Softmax => values.chunks_mut(channels.max(1)).for_each(softmax),
        }
    }
}

fn softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = row
        .iter()
        .map(|&x| (f64::from(x) - f64::from(largest)).exp())
        .collect();
    let sum: f64 = powers.iter().sum();
    for (x, power) in row.iter_mut().zip(powers) {
        *x = (power / sum) as f32;
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Function::LeakyRelu { slope } => write!(f, "{}({slope})", self.name()),
            _ => f.write_str(self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_sums_to_one_and_survives_large_values() {
        let mut row = [1000.0, 1001.0];
        Function::Softmax.apply(&mut row, 2);
        // 1 / (1 + e) and e / (1 + e).
        assert!((row[0] - 0.268_941_43).abs() < 1e-7 && (row[1] - 0.731_058_6).abs() < 1e-7);
    }

    #[test]
    fn names_are_a_bijection() {
        for &function in Function::ALL {
            assert_eq!(Function::from_name(function.name()), Some(function));
        }
        assert_eq!(Function::from_name("swoosh"), None);
    }
}
