//! Trained networks that are asked about each image while another one learns.
//!
//! They compute with their moving statistics and leave nothing out, so what they give for an
//! image depends on nothing else.

use gannet_graph::{Function, Graph};

use super::backend::Backend;
use super::chunk::{Bench, Memory, Work};
use super::plan::Plan;
use super::round::Activations;
use super::simd::Lanes;

/// The networks that teach, and what part they have.
#[derive(Debug)]
pub struct Teachers {
    plans: Vec<Plan>,
    share: f32,
}

/// Where one thread computes what the teachers say: one place for each.
#[derive(Debug)]
pub(super) struct Lesson(Vec<(Memory, Bench)>);

impl Teachers {
    /// `graphs` with their weights; `share` of each target is the mean of their outputs, from
    /// 0 to 1.
    pub fn new(graphs: &[Graph], share: f32, backend: Backend) -> Self {
        let plans = graphs.iter().map(|graph| {
            let mut plan = Plan::new(graph, Activations::Real);
            let weights: Vec<f32> = graph.weights().flatten().copied().collect();
            plan.load(backend, &weights);
            plan
        });
        Teachers {
            plans: plans.collect(),
            share,
        }
    }

    /// The first whose outputs are not from 0 to 1, as targets are.
    pub fn without_shares(&self) -> Option<usize> {
        let gives_shares =
            |plan: &Plan| matches!(plan.function, Function::Softmax | Function::Sigmoid);
        self.plans.iter().position(|plan| !gives_shares(plan))
    }

    /// A place for one thread.
    pub(super) fn lesson(&self) -> Lesson {
        let places = self.plans.iter();
        Lesson(
            places
                .map(|plan| (Memory::new(plan), Bench::new(plan)))
                .collect(),
        )
    }

    /// Mixes what the teachers give for the pupil's images into their targets.
    pub(super) fn teach(
        &self,
        backend: Backend,
        pupil: &Memory,
        lesson: &mut Lesson,
        targets: &mut [Lanes],
    ) {
        for target in &mut *targets {
            for value in &mut target.0[..pupil.live()] {
                *value *= 1.0 - self.share;
            }
        }
        let share = self.share / self.plans.len() as f32;
        for (plan, (memory, bench)) in self.plans.iter().zip(&mut lesson.0) {
            let work = Work {
                plan,
                backend,
                draw: None,
                batch: &[],
            };
            memory.share(pupil);
            work.forward(0..plan.steps.len(), memory, bench);
            work.finish(memory);
            for (target, output) in targets.iter_mut().zip(memory.outputs(plan)) {
                for lane in 0..pupil.live() {
                    target.0[lane] += output.0[lane] * share;
                }
            }
        }
    }
}
