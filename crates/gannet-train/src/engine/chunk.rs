//! One chunk: up to sixteen images through the network and their gradient back.
//!
//! In go a [`Plan`] with its weights loaded and the images' bytes, out come outputs, the
//! tally and the gradient of every weight. A chunk depends on nothing but its images and what
//! normalizations know of its batch.

use std::ops::Range;

use super::activation;
use super::backend::Backend;
use super::dropout::{self, Draw};
use super::head::{Head, Tally};
use super::join::{self, Arrival};
use super::normalization::Batchwise;
use super::operator::{Passed, Scratch};
use super::plan::{Action, Plan, Step};
use super::round;
use super::simd::{LANES, Lanes};
use crate::augment::Source;

/// What the layers made of one chunk.
#[derive(Debug)]
pub struct Memory {
    /// One for each slot.
    values: Vec<Vec<Lanes>>,
    /// One for each step.
    kept: Vec<Vec<Lanes>>,
    /// The route's buffers.
    gradients: Vec<Vec<Lanes>>,
    /// The last layer's sums, before the head's function.
    sums: Vec<Lanes>,
    /// Which images these are.
    images: Vec<usize>,
}

/// Where one thread works on one chunk after another.
#[derive(Debug)]
pub struct Bench {
    scratch: Vec<Scratch>,
    /// One image.
    image: Vec<f32>,
    /// A gradient that is to be added to others.
    beside: Vec<Lanes>,
}

/// A network at work on the chunks of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The network.
    pub plan: &'a Plan,
    /// How it is computed.
    pub backend: Backend,
    /// Whether values are left out, and which.
    pub draw: Option<Draw>,
    /// For each step what it knows of the batch; moving statistics are taken instead where
    /// nothing is known.
    pub batch: &'a [Option<Batchwise>],
}

fn lanes(count: usize) -> Vec<Lanes> {
    vec![Lanes::ZERO; count]
}

impl Memory {
    /// Memory for one chunk of `plan`.
    pub fn new(plan: &Plan) -> Self {
        Memory {
            values: plan.slots.iter().copied().map(lanes).collect(),
            kept: plan
                .steps
                .iter()
                .map(|step| lanes(step.kept(&plan.slots)))
                .collect(),
            gradients: plan.route.sizes.iter().copied().map(lanes).collect(),
            sums: lanes(plan.classes()),
            images: Vec::with_capacity(LANES),
        }
    }

    /// Puts images into the lanes; lanes without an image are zero.
    pub fn load(
        &mut self,
        source: &Source<'_>,
        indices: impl ExactSizeIterator<Item = usize> + Clone,
        bench: &mut Bench,
    ) {
        let elements = &mut self.values[0];
        if indices.len() < LANES {
            elements.fill(Lanes::ZERO);
        }
        self.images.clear();
        self.images.extend(indices.clone());
        source.write(indices, elements, &mut bench.image);
    }

    /// Takes the images that another network was given.
    pub fn share(&mut self, other: &Memory) {
        self.values[0].copy_from_slice(&other.values[0]);
        self.images.clone_from(&other.images);
    }

    /// How many images there are.
    pub fn live(&self) -> usize {
        self.images.len()
    }

    /// What a slot holds.
    pub fn value(&self, slot: usize) -> &[Lanes] {
        &self.values[slot]
    }

    /// The gradient that arrived at a slot.
    pub fn gradient(&self, plan: &Plan, slot: usize) -> &[Lanes] {
        let buffer = plan.route.buffers[slot].expect("asked of slots that have one");
        &self.gradients[buffer][..plan.slots[slot]]
    }

    /// The network's outputs, one element each.
    pub fn outputs(&self, plan: &Plan) -> &[Lanes] {
        &self.values[plan.output]
    }

    /// The first step whose output has a number that is not finite.
    pub fn first_not_finite(&self, plan: &Plan) -> Option<usize> {
        plan.steps.iter().position(|step| {
            let output = &self.values[step.output];
            !output
                .iter()
                .all(|element| element.0[..self.live()].iter().all(|x| x.is_finite()))
        })
    }
}

impl Bench {
    /// A place to work on chunks of `plan`.
    pub fn new(plan: &Plan) -> Self {
        let scratch = |step: &Step| match &step.action {
            Action::Operate(operator) => operator.scratch(),
            _ => Scratch::default(),
        };
        Bench {
            scratch: plan.steps.iter().map(scratch).collect(),
            image: vec![0.0; plan.slots[0]],
            beside: lanes(plan.route.beside),
        }
    }
}

impl Work<'_> {
    /// Computes some steps.
    pub fn forward(&self, steps: Range<usize>, memory: &mut Memory, bench: &mut Bench) {
        let Work { plan, backend, .. } = *self;
        for i in steps {
            let step = &plan.steps[i];
            let kept = &mut memory.kept[i][..];
            let mut output = std::mem::take(&mut memory.values[step.output]);
            let input = &memory.values[step.inputs[0]];
            match &step.action {
                Action::Activate { function, channels } => {
                    if !step.is_in_place() {
                        output.copy_from_slice(input);
                    }
                    activation::apply(backend, *function, &mut output, *channels);
                }
                Action::Round => round::round(backend, &mut output),
                Action::Operate(operator) => {
                    operator.forward(backend, input, &mut output, kept, &mut bench.scratch[i]);
                }
                Action::Normalize(normalization) => {
                    let batch = self.batch.get(i).and_then(Option::as_ref);
                    normalization.forward(backend, batch, input, &mut output);
                }
                Action::Drop { rate, layer } => match self.draw {
                    None => output.copy_from_slice(input),
                    Some(draw) => {
                        draw.mask(*layer, *rate, memory.images.iter().copied(), kept);
                        dropout::scale(backend, input, kept, &mut output);
                    }
                },
                Action::Join(join) => {
                    for (place, &input) in step.inputs.iter().enumerate() {
                        join.forward(backend, place, &memory.values[input], &mut output);
                    }
                }
            }
            memory.values[step.output] = output;
        }
    }

    /// Applies the head's function to the last sums.
    pub fn finish(&self, memory: &mut Memory) {
        let outputs = &mut memory.values[self.plan.output];
        memory.sums.copy_from_slice(outputs);
        activation::apply(self.backend, self.plan.function, outputs, memory.sums.len());
    }

    /// The tally of the images, one for each label.
    pub fn tally(&self, head: &Head, targets: &[Lanes], labels: &[u8], memory: &Memory) -> Tally {
        head.tally(&memory.sums, memory.outputs(self.plan), targets, labels)
    }

    /// Begins the way back: the gradient of `Σ weight · loss` by the last sums.
    pub fn turn(&self, head: &Head, targets: &[Lanes], weights: &[f32], memory: &mut Memory) {
        let plan = self.plan;
        let outputs = &memory.values[plan.output];
        let buffer = plan.route.buffers[plan.output].expect("the output has a gradient");
        let gradient = &mut memory.gradients[buffer][..outputs.len()];
        head.gradient(
            self.backend,
            &memory.sums,
            outputs,
            targets,
            weights,
            gradient,
        );
    }

    /// Takes the gradient back through some steps, on a bench that knows the chunk.
    pub fn backward(
        &self,
        steps: Range<usize>,
        memory: &mut Memory,
        bench: &mut Bench,
        weights_gradient: &mut [f32],
    ) {
        for i in steps.rev() {
            self.step_back(i, memory, bench, weights_gradient);
        }
    }

    /// As [`Work::backward`], on a bench that saw other chunks since.
    pub fn recalled_backward(
        &self,
        steps: Range<usize>,
        memory: &mut Memory,
        bench: &mut Bench,
        weights_gradient: &mut [f32],
    ) {
        for i in steps.rev() {
            let step = &self.plan.steps[i];
            if let Action::Operate(operator) = &step.action {
                let input = &memory.values[step.inputs[0]];
                operator.recall(self.backend, input, &mut bench.scratch[i]);
            }
            self.step_back(i, memory, bench, weights_gradient);
        }
    }

    fn step_back(
        &self,
        i: usize,
        memory: &mut Memory,
        bench: &mut Bench,
        weights_gradient: &mut [f32],
    ) {
        let Work { plan, backend, .. } = *self;
        let step = &plan.steps[i];
        // Nothing before learns, and the step itself does not.
        let Some(buffer) = plan.route.buffers[step.output] else {
            return;
        };
        let mut own = std::mem::take(&mut memory.gradients[buffer]);
        let gradient = &mut own[..plan.slots[step.output]];
        if let Action::Activate { function, channels } = &step.action {
            let (input, output) = (&memory.values[step.inputs[0]], &memory.values[step.output]);
            activation::back(backend, *function, input, output, gradient, *channels);
        }
        for (place, &arrival) in plan.route.arrivals[i].iter().enumerate() {
            let slot = step.inputs[place];
            let mut to = arrival.map(|arrival| Target::take(plan, memory, slot, arrival));
            let input = &memory.values[slot];
            match (&step.action, &mut to) {
                (Action::Operate(operator), to) => {
                    let passed = Passed {
                        input,
                        kept: &memory.kept[i],
                    };
                    operator.backward(
                        backend,
                        passed,
                        gradient,
                        to.as_mut().map(|to| to.blank(&mut bench.beside)),
                        &mut weights_gradient[step.weights.clone()],
                        &mut bench.scratch[i],
                    );
                }
                (_, None) | (Action::Round, _) => {}
                (Action::Activate { .. }, Some(to)) => {
                    join::arrive(backend, gradient, to.arrival, to.slice());
                    to.arrival = Arrival::First;
                }
                (Action::Join(join), Some(to)) => {
                    let inputs = step.inputs.iter();
                    let inputs: Vec<&[Lanes]> =
                        inputs.map(|&slot| &memory.values[slot][..]).collect();
                    join.backward(backend, &inputs, place, gradient, to.arrival, to.slice());
                    to.arrival = Arrival::First;
                }
                (Action::Normalize(normalization), Some(to)) => {
                    let batch = self.batch[i].as_ref().expect("known since the way forward");
                    let live = memory.images.len();
                    let to = to.blank(&mut bench.beside);
                    normalization.backward(backend, batch, live, input, gradient, to);
                }
                (Action::Drop { .. }, Some(to)) => {
                    let to = to.blank(&mut bench.beside);
                    dropout::scale(backend, gradient, &memory.kept[i], to);
                }
            }
            if let Some(to) = to {
                to.put_back(backend, memory, &bench.beside);
            }
        }
        memory.gradients[buffer] = own;
    }
}

/// The place of an input's gradient, taken out of the memory while a step writes it.
struct Target {
    buffer: usize,
    elements: Vec<Lanes>,
    len: usize,
    arrival: Arrival,
}

impl Target {
    fn take(plan: &Plan, memory: &mut Memory, slot: usize, arrival: Arrival) -> Self {
        let buffer = plan.route.buffers[slot].expect("a gradient arrives there");
        Target {
            buffer,
            elements: std::mem::take(&mut memory.gradients[buffer]),
            len: plan.slots[slot],
            arrival,
        }
    }

    fn slice(&mut self) -> &mut [Lanes] {
        &mut self.elements[..self.len]
    }

    /// Where a step may overwrite: the place itself, or one beside it if something is there.
    fn blank<'a>(&'a mut self, beside: &'a mut [Lanes]) -> &'a mut [Lanes] {
        match self.arrival {
            Arrival::First => &mut self.elements[..self.len],
            Arrival::Further => &mut beside[..self.len],
        }
    }

    fn put_back(mut self, backend: Backend, memory: &mut Memory, beside: &[Lanes]) {
        if self.arrival == Arrival::Further {
            let len = self.len;
            join::arrive(backend, &beside[..len], Arrival::Further, self.slice());
        }
        memory.gradients[self.buffer] = self.elements;
    }
}
