//! How a gradient becomes a step.

use serde::{Deserialize, Serialize};

use crate::TrainError;

/// An optimizer and its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    tag = "kind",
    deny_unknown_fields
)]
pub enum Optimizer {
    /// Adam in Keras' form: with `αₜ = rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ)`, the step is
    /// `αₜ · m / (√v + ε)`.
    Adam {
        /// Learning rate.
        rate: f32,
        /// Decay of the gradient's mean.
        beta_1: f32,
        /// Decay of the squared gradient's mean.
        beta_2: f32,
        /// Keeps the divisor from zero.
        epsilon: f32,
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
        let Optimizer::Adam {
            rate,
            beta_1,
            beta_2,
            epsilon,
        } = *self;
        let is_decay = |beta: f32| (0.0..1.0).contains(&beta);
        let checks = [
            (
                "rate",
                rate,
                rate.is_finite() && rate > 0.0,
                "a number above 0",
            ),
            ("beta-1", beta_1, is_decay(beta_1), "from 0 to below 1"),
            ("beta-2", beta_2, is_decay(beta_2), "from 0 to below 1"),
            (
                "epsilon",
                epsilon,
                epsilon.is_finite() && epsilon > 0.0,
                "a number above 0",
            ),
        ];
        match checks.into_iter().find(|&(_, _, right, _)| !right) {
            Some((key, found, _, expected)) => Err(TrainError::Recipe {
                key,
                found: found.to_string(),
                expected,
            }),
            None => Ok(()),
        }
    }
}

/// What an optimizer remembers from step to step.
#[derive(Debug, Clone, PartialEq)]
pub struct OptimizerState {
    mean: Vec<f32>,
    square: Vec<f32>,
    /// `β₁ᵗ` and `β₂ᵗ`.
    powers: [f64; 2],
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

    /// Changes `weights` by one step against `gradient`.
    pub fn step(&mut self, optimizer: &Optimizer, gradient: &[f32], weights: &mut [f32]) {
        let Optimizer::Adam {
            rate,
            beta_1,
            beta_2,
            epsilon,
        } = *optimizer;
        self.powers[0] *= f64::from(beta_1);
        self.powers[1] *= f64::from(beta_2);
        let rate = f64::from(rate) * (1.0 - self.powers[1]).sqrt() / (1.0 - self.powers[0]);
        let rate = rate as f32;
        let means = self.mean.iter_mut().zip(&mut self.square);
        for ((weight, &gradient), (mean, square)) in weights.iter_mut().zip(gradient).zip(means) {
            *mean += (gradient - *mean) * (1.0 - beta_1);
            *square += (gradient * gradient - *square) * (1.0 - beta_2);
            *weight -= rate * *mean / (square.sqrt() + epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, rate 0.1: the first step is `0.1·√0.001/0.1·(0.1·g) / (√(0.001·g²) + ε)`, so
    /// 0.1 against the gradient's sign. The second, for the gradient 0 after 2, has
    /// m = 0.9·0.2 = 0.18, v = 0.999·0.004 = 0.003996, α = 0.1·√0.001999/0.19 = 0.0235316,
    /// step 0.0235316·0.18/0.0632139 = 0.0670055.
    #[test]
    fn adam_by_hand() {
        let adam = Optimizer::Adam {
            rate: 0.1,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
        };
        let mut state = OptimizerState::new(2);
        let mut weights = [1.0, 1.0];
        state.step(&adam, &[2.0, -3.0], &mut weights);
        assert!((weights[0] - 0.9).abs() < 1e-6 && (weights[1] - 1.1).abs() < 1e-6);
        state.step(&adam, &[0.0, 0.0], &mut weights);
        assert!(
            (weights[0] - (0.9 - 0.067_005_5)).abs() < 1e-6,
            "{weights:?}"
        );
    }
}
