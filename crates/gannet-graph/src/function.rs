//! Activation functions: what a layer applies to its sums.

use std::fmt;

use crate::normal_distribution;

/// An activation function. All but softmax and log-softmax act on each value alone; those two
/// act on the innermost extent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Function {
    /// `x`.
    #[default]
    Linear,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `min(max(x, low), high)`; see [`Function::clip`].
    Clip {
        /// The least value, or −∞.
        low: f32,
        /// The greatest value, or ∞.
        high: f32,
    },
    /// `x` where it is positive, `slope · x` elsewhere.
    LeakyRelu {
        /// What negative values are multiplied by.
        slope: f32,
    },
    /// `x` where it is positive, `alpha · (eˣ − 1)` elsewhere. Clevert, Unterthiner and
    /// Hochreiter, 2015.
    Elu {
        /// Minus what it falls to.
        alpha: f32,
    },
    /// [`SELU_SCALE`](Function::SELU_SCALE) times an ELU of
    /// [`SELU_ALPHA`](Function::SELU_ALPHA).
    Selu,
    /// `1 / (1 + e⁻ˣ)`.
    Sigmoid,
    /// `min(max(slope · x + offset, 0), 1)`. Keras 3 and PyTorch have a slope of 1/6, Keras 2
    /// and ONNX one of 0.2; the offset is 0.5 in all of them.
    HardSigmoid {
        /// How steep it is.
        slope: f32,
        /// Its value at zero.
        offset: f32,
    },
    /// `(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)`.
    Tanh,
    /// `ln(1 + eˣ)`.
    Softplus,
    /// `x / (1 + e⁻ˣ)`, also called swish.
    Silu,
    /// `x · min(max(x + 3, 0), 6) / 6`. Howard and others, 2019.
    HardSwish,
    /// `x · Φ(x)`, where `Φ` is the share of the normal distribution below `x`. Hendrycks and
    /// Gimpel, 2016.
    Gelu,
    /// `x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`, close to [`Function::Gelu`].
    GeluTanh,
    /// `eˣ / Σ eˣ` over the innermost extent.
    Softmax,
    /// `x − ln Σ eˣ` over the innermost extent.
    LogSoftmax,
}

impl Function {
    /// Every function, in the order of the documentation, with Keras' default parameters.
    pub const ALL: &'static [Function] = &[
        Function::Linear,
        Function::Relu,
        Function::Relu6,
        Function::Clip {
            low: -1.0,
            high: 1.0,
        },
        Function::LeakyRelu { slope: 0.2 },
        Function::Elu { alpha: 1.0 },
        Function::Selu,
        Function::Sigmoid,
        Function::HARD_SIGMOID,
        Function::Tanh,
        Function::Softplus,
        Function::Silu,
        Function::HardSwish,
        Function::Gelu,
        Function::GeluTanh,
        Function::Softmax,
        Function::LogSoftmax,
    ];

    /// The hard sigmoid of Keras 3 and PyTorch.
    pub const HARD_SIGMOID: Function = Function::HardSigmoid {
        slope: 1.0 / 6.0,
        offset: 0.5,
    };

    /// The hard sigmoid of Keras 2, and ONNX' default.
    pub const HARD_SIGMOID_KERAS_2: Function = Function::HardSigmoid {
        slope: 0.2,
        offset: 0.5,
    };

    /// α of the SELU: with it and the scale, sums of independent values of mean 0 and
    /// variance 1 keep them. Klambauer, Unterthiner, Mayr and Hochreiter, 2017.
    pub const SELU_ALPHA: f32 = 1.673_263_2;

    /// λ of the SELU.
    pub const SELU_SCALE: f32 = 1.050_701;

    /// √(2/π), the steepness of the hyperbolic tangent in [`Function::GeluTanh`].
    pub const GELU_STEEPNESS: f32 = 0.797_884_6;

    /// The share of `x³` in [`Function::GeluTanh`].
    pub const GELU_CUBE: f32 = 0.044_715;

    /// What makes `t = 1/(1 + rate · a)` of `a` in [`Function::NORMAL_TAIL`].
    pub const NORMAL_TAIL_RATE: f32 = 0.27;

    /// `P`, highest power first: the share of the normal distribution above `a ≥ 0` is
    /// `e^(−a²/2) · t · P(t)`, the form of Hastings' approximations (1955), fitted to the least
    /// largest relative error, 2.4·10⁻⁸ from `a = 0` to 13.5.
    pub const NORMAL_TAIL: [f32; 9] = [
        0.028_855_432,
        -0.125_953_45,
        0.168_642_15,
        -0.067_844_6,
        0.106_836_34,
        0.072_493_3,
        0.101_690_55,
        0.107_560_75,
        0.107_719_54,
    ];

    /// Keeps values between `low` and `high`: the linear function, a ReLU or a ReLU6 where the
    /// bounds are theirs, else [`Function::Clip`]. Where `low` is above `high`, every value
    /// becomes `high`.
    pub fn clip(low: f32, high: f32) -> Self {
        match (low, high) {
            (f32::NEG_INFINITY, f32::INFINITY) => Function::Linear,
            (0.0, f32::INFINITY) => Function::Relu,
            (0.0, 6.0) => Function::Relu6,
            _ => Function::Clip { low, high },
        }
    }

    /// Keras' name, where Keras has the function.
    pub fn name(self) -> &'static str {
        match self {
            Function::Linear => "linear",
            Function::Relu => "relu",
            Function::Relu6 => "relu6",
            Function::Clip { .. } => "clip",
            Function::LeakyRelu { .. } => "leaky_relu",
            Function::Elu { .. } => "elu",
            Function::Selu => "selu",
            Function::Sigmoid => "sigmoid",
            Function::HardSigmoid { .. } => "hard_sigmoid",
            Function::Tanh => "tanh",
            Function::Softplus => "softplus",
            Function::Silu => "silu",
            Function::HardSwish => "hard_silu",
            Function::Gelu => "gelu",
            Function::GeluTanh => "gelu_tanh",
            Function::Softmax => "softmax",
            Function::LogSoftmax => "log_softmax",
        }
    }

    /// The numbers that belong to it and their names.
    pub fn parameters(self) -> Vec<(&'static str, f32)> {
        match self {
            Function::Clip { low, high } => vec![("low", low), ("high", high)],
            Function::LeakyRelu { slope } => vec![("slope", slope)],
            Function::Elu { alpha } => vec![("alpha", alpha)],
            Function::HardSigmoid { slope, offset } => vec![("slope", slope), ("offset", offset)],
            _ => Vec::new(),
        }
    }

    /// Whether it acts on each value alone and never falls where its argument rises, so that
    /// it may be applied before or after taking a maximum.
    pub fn commutes_with_maximum(self) -> bool {
        match self {
            Function::Linear
            | Function::Relu
            | Function::Relu6
            | Function::Clip { .. }
            | Function::Selu
            | Function::Sigmoid
            | Function::Tanh
            | Function::Softplus => true,
            Function::LeakyRelu { slope } | Function::HardSigmoid { slope, .. } => slope >= 0.0,
            Function::Elu { alpha } => alpha >= 0.0,
            // These have a least value at a negative argument.
            Function::Silu | Function::HardSwish | Function::Gelu | Function::GeluTanh => false,
            Function::Softmax | Function::LogSoftmax => false,
        }
    }

    /// The function of that name, with Keras' default parameters.
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
            Function::Softmax => values.chunks_mut(channels.max(1)).for_each(softmax),
            Function::LogSoftmax => values.chunks_mut(channels.max(1)).for_each(log_softmax),
            _ => values
                .iter_mut()
                .for_each(|x| *x = self.of(f64::from(*x)) as f32),
        }
    }

    /// The function of one value; of softmax and log-softmax, that of a row of one.
    fn of(self, x: f64) -> f64 {
        match self {
            Function::Linear => x,
            Function::Relu => x.max(0.0),
            Function::Relu6 => x.clamp(0.0, 6.0),
            Function::Clip { low, high } => x.max(low.into()).min(high.into()),
            Function::LeakyRelu { slope } if x < 0.0 => x * f64::from(slope),
            Function::LeakyRelu { .. } => x,
            Function::Elu { alpha } => elu(x, alpha),
            Function::Selu => f64::from(Function::SELU_SCALE) * elu(x, Function::SELU_ALPHA),
            Function::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Function::HardSigmoid { slope, offset } => {
                (f64::from(slope) * x + f64::from(offset)).clamp(0.0, 1.0)
            }
            Function::Tanh => x.tanh(),
            Function::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
            Function::Silu => x / (1.0 + (-x).exp()),
            Function::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Function::Gelu => x * normal_distribution::share_below(x),
            // ½ (1 + tanh y) = 1 / (1 + e⁻²ʸ).
            Function::GeluTanh => {
                let y = f64::from(Function::GELU_STEEPNESS)
                    * (x + f64::from(Function::GELU_CUBE) * x.powi(3));
                x / (1.0 + (-2.0 * y).exp())
            }
            Function::Softmax => 1.0,
            Function::LogSoftmax => 0.0,
        }
    }
}

fn elu(x: f64, alpha: f32) -> f64 {
    if x > 0.0 {
        x
    } else {
        f64::from(alpha) * x.exp_m1()
    }
}

/// The largest value of a row, and the sum of the powers of all relative to it.
fn power_sum(row: &[f32]) -> (f64, f64) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let largest = f64::from(largest);
    let powers = row.iter().map(|&x| (f64::from(x) - largest).exp());
    (largest, powers.sum())
}

fn softmax(row: &mut [f32]) {
    let (largest, sum) = power_sum(row);
    for x in row {
        *x = ((f64::from(*x) - largest).exp() / sum) as f32;
    }
}

fn log_softmax(row: &mut [f32]) {
    let (largest, sum) = power_sum(row);
    for x in row {
        *x = (f64::from(*x) - largest - sum.ln()) as f32;
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let parameters = self.parameters();
        if parameters.is_empty() {
            return Ok(());
        }
        let values: Vec<String> = parameters
            .iter()
            .map(|(_, value)| value.to_string())
            .collect();
        write!(f, "({})", values.join(", "))
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
        let mut logarithms = [1000.0, 1001.0];
        Function::LogSoftmax.apply(&mut logarithms, 2);
        // −ln(1 + e) and 1 − ln(1 + e).
        assert_eq!(logarithms, [-1.313_261_6, -0.313_261_7]);
    }

    #[test]
    fn names_are_a_bijection() {
        for &function in Function::ALL {
            assert_eq!(Function::from_name(function.name()), Some(function));
        }
        assert_eq!(Function::from_name("swoosh"), None);
    }

    /// Values of PyTorch 2's functions at −2, −0.5, 0.5 and 4, in double precision.
    #[test]
    fn functions_are_those_of_pytorch() {
        let cases = [
            (
                Function::Clip {
                    low: -1.0,
                    high: 1.0,
                },
                [-1.0000000000, -0.5000000000, 0.5000000000, 1.0000000000],
            ),
            (
                Function::Elu { alpha: 1.0 },
                [-0.8646647168, -0.3934693403, 0.5000000000, 4.0000000000],
            ),
            (
                Function::Selu,
                [-1.5201664686, -0.6917581878, 0.5253504937, 4.2028039494],
            ),
            (
                Function::HARD_SIGMOID,
                [0.1666666667, 0.4166666667, 0.5833333333, 1.0000000000],
            ),
            (
                Function::Tanh,
                [-0.9640275801, -0.4621171573, 0.4621171573, 0.9993292997],
            ),
            (
                Function::Softplus,
                [0.1269280110, 0.4740769842, 0.9740769842, 4.0181499279],
            ),
            (
                Function::Silu,
                [-0.2384058440, -0.1887703344, 0.3112296656, 3.9280551602],
            ),
            (
                Function::HardSwish,
                [-0.3333333333, -0.2083333333, 0.2916666667, 4.0000000000],
            ),
            (
                Function::Gelu,
                [-0.0455002639, -0.1542687694, 0.3457312306, 3.9998733150],
            ),
            (
                Function::GeluTanh,
                [-0.0454023059, -0.1542859902, 0.3457140098, 3.9999297541],
            ),
            (
                Function::LogSoftmax,
                [-6.0428536561, -4.5428536561, -3.5428536561, -0.0428536561],
            ),
        ];
        for (function, expected) in cases {
            let mut values = [-2.0, -0.5, 0.5, 4.0];
            function.apply(&mut values, 4);
            for (value, expected) in values.into_iter().zip(expected) {
                let error = (f64::from(value) - expected).abs();
                assert!(
                    error < 1e-7 * expected.abs(),
                    "{function}: {value} {expected}"
                );
            }
        }
    }

    #[test]
    fn clipping_at_known_bounds_is_a_known_function() {
        assert_eq!(Function::clip(0.0, f32::INFINITY), Function::Relu);
        assert_eq!(Function::clip(0.0, 6.0), Function::Relu6);
        let mut values = [-3.0, 0.0, 3.0];
        Function::clip(2.0, 1.0).apply(&mut values, 3);
        assert_eq!(values, [1.0; 3]);
    }

    /// What is said to commute with the maximum does not fall, what is not said to does.
    #[test]
    fn rising_functions_commute_with_the_maximum() {
        let pointwise = Function::ALL
            .iter()
            .filter(|function| !matches!(function, Function::Softmax | Function::LogSoftmax));
        for function in pointwise {
            let mut values: Vec<f32> = (-400..=400).map(|i| i as f32 * 0.02).collect();
            let count = values.len();
            function.apply(&mut values, count);
            assert_eq!(
                values.is_sorted(),
                function.commutes_with_maximum(),
                "{function}"
            );
        }
    }
}
