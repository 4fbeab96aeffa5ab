//! How a gradient becomes a step.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::engine::{Backend, Kernel, Simd};

/// An optimizer and its numbers. Rates are what the [schedule](crate::Schedule) scales.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    tag = "kind",
    deny_unknown_fields
)]
pub enum Optimizer {
    /// Gradient descent: `m ← momentum · m + g`, the step is `rate · m`.
    Sgd {
        /// Learning rate, above 0.
        rate: f32,
        /// From 0 to below 1.
        momentum: f32,
    },
    /// Adam in Keras' form: with `αₜ = rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ)`, the step is
    /// `αₜ · m / (√v + ε)` (Kingma and Ba, "Adam", 2015, the formula before section 2.1).
    Adam {
        /// Learning rate, above 0.
        rate: f32,
        /// Decay of the gradient's mean, from 0 to below 1.
        beta_1: f32,
        /// Decay of the squared gradient's mean, from 0 to below 1.
        beta_2: f32,
        /// Keeps the divisor from zero; above 0.
        epsilon: f32,
    },
    /// Adam, and before each step every weight shrinks by `rate · weight_decay` of itself:
    /// kernels, biases and the scales of normalizations alike, as in Keras and PyTorch
    /// (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019).
    AdamW {
        /// Learning rate, above 0.
        rate: f32,
        /// Decay of the gradient's mean, from 0 to below 1.
        beta_1: f32,
        /// Decay of the squared gradient's mean, from 0 to below 1.
        beta_2: f32,
        /// Keeps the divisor from zero; above 0.
        epsilon: f32,
        /// At least 0.
        weight_decay: f32,
    },
}

impl Default for Optimizer {
    /// Adam with Keras' numbers.
    fn default() -> Self {
        Optimizer::Adam {
            rate: 1e-3,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
        }
    }
}

impl Optimizer {
    /// Checks every number's range.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] for the first that is outside.
    pub fn check(&self) -> Result<(), TrainError> {
        let above_0 = |x: f32| x.is_finite() && x > 0.0;
        let decay = |x: f32| (0.0..1.0).contains(&x);
        let checks = match *self {
            Optimizer::Sgd { rate, momentum } => vec![
                ("rate", rate, above_0(rate), "a number above 0"),
                ("momentum", momentum, decay(momentum), "from 0 to below 1"),
            ],
            Optimizer::Adam {
                rate,
                beta_1,
                beta_2,
                epsilon,
            }
            | Optimizer::AdamW {
                rate,
                beta_1,
                beta_2,
                epsilon,
                ..
            } => vec![
                ("rate", rate, above_0(rate), "a number above 0"),
                ("beta-1", beta_1, decay(beta_1), "from 0 to below 1"),
                ("beta-2", beta_2, decay(beta_2), "from 0 to below 1"),
                ("epsilon", epsilon, above_0(epsilon), "a number above 0"),
            ],
        };
        let shrink = self.weight_decay();
        let shrinks = (
            "weight-decay",
            shrink,
            (0.0..).contains(&shrink),
            "at least 0",
        );
        match checks
            .into_iter()
            .chain([shrinks])
            .find(|&(_, _, right, _)| !right)
        {
            Some((key, found, _, expected)) => Err(TrainError::Recipe {
                key,
                found: found.to_string(),
                expected,
            }),
            None => Ok(()),
        }
    }

    fn weight_decay(&self) -> f32 {
        match *self {
            Optimizer::AdamW { weight_decay, .. } => weight_decay,
            _ => 0.0,
        }
    }
}

/// What an optimizer remembers from step to step.
#[derive(Debug, Clone, PartialEq)]
pub struct OptimizerState {
    /// The running mean of the gradient, one a weight.
    pub mean: Vec<f32>,
    /// The running mean of the squared gradient, one a weight; SGD leaves it zero.
    pub square: Vec<f32>,
    /// `β₁ᵗ` and `β₂ᵗ`.
    pub powers: [f64; 2],
}

impl OptimizerState {
    /// Before the first step of a network with that many weights.
    pub fn new(weights: usize) -> Self {
        OptimizerState {
            mean: vec![0.0; weights],
            square: vec![0.0; weights],
            powers: [1.0; 2],
        }
    }

    /// Changes the weights of the ranges `trained` by one step against `gradient`, at `factor`
    /// times the rate.
    pub fn step(
        &mut self,
        backend: Backend,
        optimizer: &Optimizer,
        factor: f64,
        trained: &[Range<usize>],
        gradient: &[f32],
        weights: &mut [f32],
    ) {
        match *optimizer {
            Optimizer::Sgd { rate, momentum } => {
                let rate = (f64::from(rate) * factor) as f32;
                for range in trained.iter().cloned() {
                    backend.run(SgdStep {
                        rate,
                        momentum,
                        gradient: &gradient[range.clone()],
                        mean: &mut self.mean[range.clone()],
                        weights: &mut weights[range],
                    });
                }
            }
            Optimizer::Adam {
                rate,
                beta_1,
                beta_2,
                epsilon,
            }
            | Optimizer::AdamW {
                rate,
                beta_1,
                beta_2,
                epsilon,
                ..
            } => {
                let rate = f64::from(rate) * factor;
                let keep = 1.0 - (rate * f64::from(optimizer.weight_decay())) as f32;
                self.powers[0] *= f64::from(beta_1);
                self.powers[1] *= f64::from(beta_2);
                let rate = rate * (1.0 - self.powers[1]).sqrt() / (1.0 - self.powers[0]);
                for range in trained.iter().cloned() {
                    backend.run(AdamStep {
                        rate: rate as f32,
                        keep,
                        take: [1.0 - beta_1, 1.0 - beta_2],
                        epsilon,
                        gradient: &gradient[range.clone()],
                        mean: &mut self.mean[range.clone()],
                        square: &mut self.square[range.clone()],
                        weights: &mut weights[range],
                    });
                }
            }
        }
    }
}

/// A step of SGD. No operation is fused, so plain loops give the same bits in any registers.
struct SgdStep<'a> {
    rate: f32,
    momentum: f32,
    gradient: &'a [f32],
    mean: &'a mut [f32],
    weights: &'a mut [f32],
}

impl Kernel for SgdStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let weights = self.weights.iter_mut().zip(self.gradient);
        for ((weight, &gradient), mean) in weights.zip(self.mean) {
            *mean = self.momentum * *mean + gradient;
            *weight -= self.rate * *mean;
        }
    }
}

/// A step of Adam or AdamW, as [`SgdStep`].
struct AdamStep<'a> {
    rate: f32,
    keep: f32,
    take: [f32; 2],
    epsilon: f32,
    gradient: &'a [f32],
    mean: &'a mut [f32],
    square: &'a mut [f32],
    weights: &'a mut [f32],
}

impl Kernel for AdamStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let means = self.mean.iter_mut().zip(self.square);
        let weights = self.weights.iter_mut().zip(self.gradient);
        for ((weight, &gradient), (mean, square)) in weights.zip(means) {
            *mean += (gradient - *mean) * self.take[0];
            *square += (gradient * gradient - *square) * self.take[1];
            *weight = *weight * self.keep - self.rate * *mean / (square.sqrt() + self.epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADAM: Optimizer = Optimizer::Adam {
        rate: 0.1,
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-7,
    };

    /// A step of all weights.
    fn step(
        state: &mut OptimizerState,
        optimizer: &Optimizer,
        factor: f64,
        gradient: &[f32],
        weights: &mut [f32],
    ) {
        let all = 0..weights.len();
        let all = std::slice::from_ref(&all);
        state.step(Backend::detect(), optimizer, factor, all, gradient, weights);
    }

    /// By hand, rate 0.1: the first step is `0.1·√0.001/0.1·(0.1·g) / (√(0.001·g²) + ε)`, so
    /// 0.1 against the gradient's sign. The second, for the gradient 0 after 2, has
    /// m = 0.9·0.2 = 0.18, v = 0.999·0.004 = 0.003996, α = 0.1·√0.001999/0.19 = 0.0235316,
    /// step 0.0235316·0.18/0.0632139 = 0.0670055.
    #[test]
    fn adam_by_hand() {
        let mut state = OptimizerState::new(2);
        let mut weights = [1.0, 1.0];
        step(&mut state, &ADAM, 1.0, &[2.0, -3.0], &mut weights);
        assert!((weights[0] - 0.9).abs() < 1e-6 && (weights[1] - 1.1).abs() < 1e-6);
        step(&mut state, &ADAM, 1.0, &[0.0, 0.0], &mut weights);
        assert!(
            (weights[0] - (0.9 - 0.067_005_5)).abs() < 1e-6,
            "{weights:?}"
        );
    }

    /// 1 shrinks by 0.1·0.5·0.2 to 0.99; then the step of 0.05 against the sign.
    #[test]
    fn adam_w_shrinks_first() {
        let (rate, beta_1, beta_2, epsilon) = (0.1, 0.9, 0.999, 1e-7);
        let adam_w = Optimizer::AdamW {
            rate,
            beta_1,
            beta_2,
            epsilon,
            weight_decay: 0.2,
        };
        let mut weights = [1.0];
        let mut state = OptimizerState::new(1);
        step(&mut state, &adam_w, 0.5, &[7.0], &mut weights);
        assert!((weights[0] - (0.99 - 0.05)).abs() < 1e-6, "{weights:?}");
    }

    /// m: 2, then 0.5·2 + 1 = 2; steps of 0.1·2 each.
    #[test]
    fn momentum_by_hand() {
        let sgd = Optimizer::Sgd {
            rate: 0.1,
            momentum: 0.5,
        };
        let mut state = OptimizerState::new(1);
        let mut weights = [1.0];
        step(&mut state, &sgd, 1.0, &[2.0], &mut weights);
        step(&mut state, &sgd, 1.0, &[1.0], &mut weights);
        assert!((weights[0] - 0.6).abs() < 1e-6, "{weights:?}");
    }

    #[test]
    fn a_number_outside_its_range_is_named() {
        let error = Optimizer::Sgd {
            rate: 0.1,
            momentum: 1.0,
        }
        .check()
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the recipe's momentum is 1, but has to be from 0 to below 1"
        );
        assert!(
            Optimizer::Sgd {
                rate: f32::NAN,
                momentum: 0.0
            }
            .check()
            .is_err()
        );
        assert!(ADAM.check().is_ok());
    }

    #[test]
    fn every_backend_steps_alike() {
        for optimizer in [
            ADAM,
            Optimizer::Sgd {
                rate: 0.1,
                momentum: 0.9,
            },
        ] {
            let stepped = |backend| {
                let mut state = OptimizerState::new(37);
                let all = 0..37;
                let mut weights: Vec<f32> = (0..37).map(|i| i as f32 * 0.37 - 5.0).collect();
                for step in 1..4 {
                    let gradient: Vec<f32> = weights.iter().map(|w| w / step as f32).collect();
                    state.step(
                        backend,
                        &optimizer,
                        0.7,
                        std::slice::from_ref(&all),
                        &gradient,
                        &mut weights,
                    );
                }
                weights.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            let results: Vec<_> = Backend::available().into_iter().map(stepped).collect();
            assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
        }
    }
}
