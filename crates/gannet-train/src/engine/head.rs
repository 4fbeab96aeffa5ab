//! The end of the network: its last activation function and the loss, taken together.
//!
//! In come the last layer's sums, out go the network's outputs, the loss, and the gradient of
//! the sums. Taken together because cross-entropy is exact only as a function of the sums.

use gannet_graph::Function;

use super::activation;
use super::backend::Backend;
use super::simd::{LANES, Lanes};
use crate::elementary::{exp, ln};
use crate::loss::Loss;

/// The last activation function and the loss.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Applied to the last layer's sums; [`Function::Linear`] if there is none.
    pub function: Function,
    /// The loss.
    pub loss: Loss,
    /// How much of each target is shared out evenly over all outputs, from 0 to 1.
    pub label_smoothing: f32,
}

/// What a chunk of images gave.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// The sum of the images' losses, without the penalty on the weights.
    pub loss: f64,
    /// Images whose largest output is that of their label.
    pub correct: usize,
}

impl Tally {
    /// Both together.
    pub fn plus(self, other: Tally) -> Tally {
        Tally {
            loss: self.loss + other.loss,
            correct: self.correct + other.correct,
        }
    }
}

impl Head {
    /// Whether the loss can be had of networks that end in that function.
    pub fn is_possible(&self) -> bool {
        match self.loss {
            Loss::MeanSquaredError => true,
            Loss::CategoricalCrossEntropy => {
                matches!(self.function, Function::Softmax | Function::Linear)
            }
            Loss::BinaryCrossEntropy => {
                matches!(self.function, Function::Sigmoid | Function::Linear)
            }
        }
    }

    /// What the outputs should be for images of these labels: `[classes]`.
    pub fn targets(&self, labels: &[u8], classes: usize) -> Vec<Lanes> {
        let mut targets = vec![Lanes::ZERO; classes];
        for (lane, &label) in labels.iter().enumerate() {
            for (class, target) in targets.iter_mut().enumerate() {
                target.0[lane] = self.target(class == usize::from(label), classes);
            }
        }
        targets
    }

    /// The tally of the images, one for each label, from the last layer's sums, the outputs
    /// that the function made of them, and their [`Head::targets`].
    pub fn tally(
        &self,
        sums: &[Lanes],
        outputs: &[Lanes],
        targets: &[Lanes],
        labels: &[u8],
    ) -> Tally {
        labels
            .iter()
            .enumerate()
            .fold(Tally::default(), |tally, (lane, &label)| {
                let loss = self.loss_of(sums, outputs, targets, lane);
                let correct = usize::from(largest(outputs, lane) == usize::from(label));
                tally.plus(Tally { loss, correct })
            })
    }

    /// The gradient of `Σ weight · loss` by the sums, from them, the outputs and the targets.
    /// `weights` has one entry for each image. Lanes without an image get none.
    pub fn gradient(
        &self,
        backend: Backend,
        sums: &[Lanes],
        outputs: &[Lanes],
        targets: &[Lanes],
        weights: &[f32],
        gradient: &mut [Lanes],
    ) {
        let classes = outputs.len();
        let mut probabilities = outputs.to_vec();
        if self.function == Function::Linear {
            let function = match self.loss {
                Loss::MeanSquaredError => Function::Linear,
                Loss::CategoricalCrossEntropy => Function::Softmax,
                Loss::BinaryCrossEntropy => Function::Sigmoid,
            };
            activation::apply(backend, function, &mut probabilities, classes);
        }
        let scale = match self.loss {
            Loss::MeanSquaredError => 2.0 / classes as f32,
            Loss::CategoricalCrossEntropy => 1.0,
            Loss::BinaryCrossEntropy => 1.0 / classes as f32,
        };
        gradient.fill(Lanes::ZERO);
        for (lane, &weight) in weights.iter().enumerate() {
            for (class, gradient) in gradient.iter_mut().enumerate() {
                let error = probabilities[class].0[lane] - targets[class].0[lane];
                gradient.0[lane] = error * scale * weight;
            }
        }
        // The cross-entropies' gradient by the sums is just that; the square's is by the outputs.
        if self.loss == Loss::MeanSquaredError {
            activation::back(backend, self.function, sums, outputs, gradient, classes);
        }
    }

    fn target(&self, is_label: bool, classes: usize) -> f32 {
        let share = match self.loss {
            Loss::BinaryCrossEntropy => 0.5,
            _ => 1.0 / classes as f32,
        };
        f32::from(u8::from(is_label)) * (1.0 - self.label_smoothing) + self.label_smoothing * share
    }

    fn loss_of(&self, sums: &[Lanes], outputs: &[Lanes], targets: &[Lanes], lane: usize) -> f64 {
        debug_assert!(lane < LANES);
        let classes = sums.len();
        let targets = targets.iter().map(|target| f64::from(target.0[lane]));
        let sum = |k: usize| f64::from(sums[k].0[lane]);
        match self.loss {
            Loss::MeanSquaredError => {
                let errors = targets
                    .zip(outputs)
                    .map(|(t, output)| f64::from(output.0[lane]) - t);
                errors.map(|error| error * error).sum::<f64>() / classes as f64
            }
            // ln p = x − ln Σ eˣ.
            Loss::CategoricalCrossEntropy => {
                let largest = (0..classes).map(sum).fold(f64::NEG_INFINITY, f64::max);
                let powers = (0..classes).map(|k| exp(sum(k) - largest));
                let log_sum = largest + ln(powers.sum());
                targets
                    .enumerate()
                    .map(|(k, t)| t * (log_sum - sum(k)))
                    .sum()
            }
            // −ln σ(x) = ln(1 + e⁻ˣ), −ln(1 − σ(x)) = x + ln(1 + e⁻ˣ).
            Loss::BinaryCrossEntropy => {
                let losses = targets.enumerate().map(|(k, t)| {
                    let x = sum(k);
                    x.max(0.0) - x * t + ln(1.0 + exp(-x.abs()))
                });
                losses.sum::<f64>() / classes as f64
            }
        }
    }
}

/// The output that is largest for the image of that lane; of equals the first.
fn largest(outputs: &[Lanes], lane: usize) -> usize {
    (1..outputs.len()).fold(0, |best, k| {
        if outputs[k].0[lane] > outputs[best].0[lane] {
            k
        } else {
            best
        }
    })
}
