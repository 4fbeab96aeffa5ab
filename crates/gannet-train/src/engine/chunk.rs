//! One chunk: up to sixteen images through the network and their gradient back.
//!
//! In go a [`Plan`] with its weights loaded and the images' bytes, out come outputs, the
//! tally and the gradient of every weight. A chunk depends on nothing but its images.

use super::activation;
use super::backend::Backend;
use super::head::{Head, Tally};
use super::operator::Scratch;
use super::plan::{Action, Plan};
use super::simd::{LANES, Lanes};
use crate::augment::Source;

/// One thread's memory for the chunks that it computes, one after another.
#[derive(Debug)]
pub struct Workspace {
    values: Vec<Vec<Lanes>>,
    gradients: Vec<Vec<Lanes>>,
    scratch: Vec<Scratch>,
    /// One image.
    image: Vec<f32>,
    /// The last layer's sums, before the head's function.
    sums: Vec<Lanes>,
}

impl Workspace {
    /// Memory for one chunk of `plan`.
    pub fn new(plan: &Plan) -> Self {
        let slots = || {
            plan.slots
                .iter()
                .map(|&elements| vec![Lanes::ZERO; elements])
                .collect()
        };
        let scratch = |action: &Action| match action {
            Action::Operate(operator) => operator.scratch(),
            Action::Activate { .. } => Scratch::default(),
        };
        Workspace {
            values: slots(),
            gradients: slots(),
            image: vec![0.0; plan.slots[0]],
            sums: vec![Lanes::ZERO; plan.classes()],
            scratch: plan
                .steps
                .iter()
                .map(|step| scratch(&step.action))
                .collect(),
        }
    }

    /// Puts images into the lanes; lanes without an image are zero.
    pub fn load(
        &mut self,
        source: &Source<'_>,
        indices: impl ExactSizeIterator<Item = usize> + Clone,
    ) {
        let elements = &mut self.values[0];
        if indices.len() < LANES {
            elements.fill(Lanes::ZERO);
        }
        source.write(indices, elements, &mut self.image);
    }

    /// Computes the outputs, which [`Workspace::outputs`] shows.
    pub fn forward(&mut self, plan: &Plan, backend: Backend) {
        for (step, scratch) in plan.steps.iter().zip(&mut self.scratch) {
            match &step.action {
                Action::Activate { function, channels } => {
                    if step.input != step.output {
                        let (before, after) = self.values.split_at_mut(step.output);
                        after[0].copy_from_slice(&before[step.input]);
                    }
                    activation::apply(backend, *function, &mut self.values[step.output], *channels);
                }
                Action::Operate(operator) => {
                    let (before, after) = self.values.split_at_mut(step.output);
                    operator.forward(backend, &before[step.input], &mut after[0], scratch);
                }
            }
        }
        let outputs = self.values.last_mut().expect("there is an input slot");
        self.sums.copy_from_slice(outputs);
        activation::apply(backend, plan.function, outputs, self.sums.len());
    }

    /// The tally of the images, one for each label.
    pub fn tally(&self, head: &Head, labels: &[u8]) -> Tally {
        head.tally(&self.sums, self.outputs(), labels)
    }

    /// The network's outputs, one element each.
    pub fn outputs(&self) -> &[Lanes] {
        self.values.last().expect("there is an input slot")
    }

    /// The first step whose output has a number that is not finite.
    pub fn first_not_finite(&self, plan: &Plan) -> Option<usize> {
        plan.steps.iter().position(|step| {
            let output = &self.values[step.output];
            !output
                .iter()
                .all(|element| element.0.iter().all(|x| x.is_finite()))
        })
    }

    /// Computes the gradient of `Σ weight · loss` by every weight of the network.
    pub fn backward(
        &mut self,
        plan: &Plan,
        backend: Backend,
        head: &Head,
        labels: &[u8],
        weights: &[f32],
        weights_gradient: &mut [f32],
    ) {
        let gradient = self.gradients.last_mut().expect("there is an input slot");
        let outputs = self.values.last().expect("there is an input slot");
        head.gradient(backend, outputs, labels, weights, gradient);
        for (i, (step, scratch)) in plan.steps.iter().zip(&mut self.scratch).enumerate().rev() {
            match &step.action {
                Action::Activate { function, channels } => {
                    let output = &self.values[step.output];
                    let gradient = &mut self.gradients[step.output];
                    activation::back(backend, *function, output, gradient, *channels);
                    if step.input != step.output {
                        let (before, after) = self.gradients.split_at_mut(step.output);
                        before[step.input].copy_from_slice(&after[0]);
                    }
                }
                Action::Operate(operator) => {
                    let (before, after) = self.gradients.split_at_mut(step.output);
                    let input = plan.learns_before(i).then(|| &mut before[step.input][..]);
                    let own = &mut weights_gradient[step.weights.clone()];
                    operator.backward(backend, &after[0], input, own, scratch);
                }
            }
        }
    }
}
