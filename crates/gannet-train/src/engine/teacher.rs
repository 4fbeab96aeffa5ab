//! A trained network that is asked about each image while another one learns.
//!
//! It computes with its moving statistics and leaves nothing out, so what it gives for an
//! image depends on nothing else.

use gannet_graph::{Function, Graph};

use super::backend::Backend;
use super::chunk::{Bench, Memory, Work};
use super::plan::Plan;
use super::round::Activations;
use super::simd::Lanes;

/// A network that teaches.
#[derive(Debug)]
pub struct Teacher {
    plan: Plan,
    share: f32,
}

/// Where one thread computes what the teacher says.
#[derive(Debug)]
pub(super) struct Lesson {
    memory: Memory,
    bench: Bench,
}

impl Teacher {
    /// `graph` with its weights; `share` of each target is its output, from 0 to 1.
    pub fn new(graph: &Graph, share: f32, backend: Backend) -> Self {
        let mut plan = Plan::new(graph, Activations::Real);
        let weights: Vec<f32> = graph.weights().flatten().copied().collect();
        plan.load(backend, &weights);
        Teacher { plan, share }
    }

    /// Whether its outputs are from 0 to 1, as targets are.
    pub fn gives_shares(&self) -> bool {
        matches!(self.plan.function, Function::Softmax | Function::Sigmoid)
    }

    /// A place for one thread.
    pub(super) fn lesson(&self) -> Lesson {
        Lesson {
            memory: Memory::new(&self.plan),
            bench: Bench::new(&self.plan),
        }
    }

    /// Mixes what the teacher gives for the pupil's images into their targets.
    pub(super) fn teach(
        &self,
        backend: Backend,
        pupil: &Memory,
        lesson: &mut Lesson,
        targets: &mut [Lanes],
    ) {
        let Lesson { memory, bench } = lesson;
        let work = Work {
            plan: &self.plan,
            backend,
            draw: None,
            batch: &[],
        };
        memory.share(pupil);
        work.forward(0..self.plan.steps.len(), memory, bench);
        work.finish(memory);
        for (target, output) in targets.iter_mut().zip(memory.outputs(&self.plan)) {
            for lane in 0..pupil.live() {
                let (own, other) = (target.0[lane], output.0[lane]);
                target.0[lane] = own * (1.0 - self.share) + other * self.share;
            }
        }
    }
}
