//! A batch through a network with batch normalization.
//!
//! A normalization needs all images of the batch before any of them can go on. So the network
//! is cut in front of each normalization, and the chunks are taken together from cut to cut,
//! forward and back; between two cuts each chunk is alone, and all threads are busy.

use super::backend::Backend;
use super::chunk::{Memory, Work};
use super::crew::{Batch, Chunk, Crew, Workspace};
use super::head::Head;
use super::normalization::{Batchwise, Normalization};
use super::plan::{Action, Plan};

impl Crew {
    /// Computes the gradient of each chunk of a batch, and that of the normalizations'
    /// weights, which goes to `gradient`.
    pub(super) fn chunks_together(
        &mut self,
        head: &Head,
        batch: &Batch<'_>,
        class_weights: &[f32],
        count: usize,
        gradient: &mut [f32],
    ) {
        let steps = self.plan.steps.len();
        let cuts: Vec<usize> = self.plan.normalizations().map(|(i, _)| i).collect();
        let (first, last) = (cuts[0], cuts[cuts.len() - 1]);
        let mut known = std::mem::take(&mut self.known);

        self.each(count, &known, batch, |work, chunk, workspace, i| {
            let Workspace { bench, lesson, .. } = workspace;
            let memory = chunk.memory.get_or_insert_with(|| Memory::new(work.plan));
            memory.load(&batch.source, batch.chunk(i), bench);
            let (labels, _) = batch.labels(i, class_weights);
            chunk.targets = self.targets(head, &labels, memory, lesson.as_mut());
            work.forward(0..first, memory, bench);
            measure(work, first, chunk);
        });
        known[first] = Some(self.meet(first, count));
        for pair in cuts.windows(2) {
            self.each(
                count,
                &known,
                batch,
                |work, chunk, Workspace { bench, .. }, _| {
                    let memory = chunk.memory.as_mut().expect("loaded");
                    work.forward(pair[0]..pair[1], memory, bench);
                    measure(work, pair[1], chunk);
                },
            );
            known[pair[1]] = Some(self.meet(pair[1], count));
        }
        self.each(
            count,
            &known,
            batch,
            |work, chunk, Workspace { bench, .. }, i| {
                let memory = chunk.memory.as_mut().expect("loaded");
                let (labels, weights) = batch.labels(i, class_weights);
                work.forward(last..steps, memory, bench);
                work.finish(memory);
                chunk.tally = work.tally(head, &chunk.targets, &labels, memory);
                work.turn(head, &chunk.targets, &weights, memory);
                work.backward(last + 1..steps, memory, bench, &mut chunk.gradient);
                lean(work, last, chunk);
            },
        );
        self.part(last, count, &mut known, gradient);
        for pair in cuts.windows(2).rev() {
            self.each(
                count,
                &known,
                batch,
                |work, chunk, Workspace { bench, .. }, _| {
                    let memory = chunk.memory.as_mut().expect("loaded");
                    let back = pair[0] + 1..pair[1] + 1;
                    work.recalled_backward(back, memory, bench, &mut chunk.gradient);
                    lean(work, pair[0], chunk);
                },
            );
            self.part(pair[0], count, &mut known, gradient);
        }
        self.each(
            count,
            &known,
            batch,
            |work, chunk, Workspace { bench, .. }, _| {
                let memory = chunk.memory.as_mut().expect("loaded");
                work.recalled_backward(0..first + 1, memory, bench, &mut chunk.gradient);
            },
        );
        self.known = known;
    }

    /// Does something with every chunk, on all threads.
    fn each(
        &self,
        count: usize,
        known: &[Option<Batchwise>],
        batch: &Batch<'_>,
        work_on: impl Fn(&Work<'_>, &mut Chunk, &mut Workspace, usize) + Sync,
    ) {
        let work = self.work(Some(batch.draw), known);
        self.each_chunk(count, |workspace, i| {
            let chunk = &mut *self.chunks[i]
                .lock()
                .expect("no thread panics with a chunk");
            work_on(&work, chunk, workspace, i);
        });
    }

    /// All chunks meet before a normalization.
    fn meet(&mut self, step: usize, count: usize) -> Batchwise {
        let chunks = self.chunks[..count].iter_mut();
        let measured = chunks.map(|chunk| {
            let chunk = chunk.get_mut().expect("no thread panics with a chunk");
            std::mem::take(&mut chunk.measured)
        });
        normalization(&self.plan, step).batch(measured)
    }

    /// All gradients meet behind a normalization.
    fn part(
        &mut self,
        step: usize,
        count: usize,
        known: &mut [Option<Batchwise>],
        gradient: &mut [f32],
    ) {
        let chunks = self.chunks[..count].iter_mut();
        let leanings = chunks.map(|chunk| {
            let chunk = chunk.get_mut().expect("no thread panics with a chunk");
            std::mem::take(&mut chunk.leaning)
        });
        let own = &mut gradient[self.plan.steps[step].weights.clone()];
        let batch = known[step].as_mut().expect("known since the way forward");
        normalization(&self.plan, step).turn(batch, leanings, own);
    }
}

fn normalization(plan: &Plan, step: usize) -> &Normalization {
    match &plan.steps[step].action {
        Action::Normalize(normalization) => normalization,
        _ => unreachable!("the network is cut before normalizations"),
    }
}

fn measure(work: &Work<'_>, step: usize, chunk: &mut Chunk) {
    let memory = chunk.memory.as_ref().expect("loaded");
    let (plan, backend): (&Plan, Backend) = (work.plan, work.backend);
    let input = memory.value(plan.steps[step].inputs[0]);
    chunk.measured = normalization(plan, step).measure(backend, input, memory.live());
}

fn lean(work: &Work<'_>, step: usize, chunk: &mut Chunk) {
    let memory = chunk.memory.as_ref().expect("loaded");
    let (plan, batch) = (work.plan, work.batch[step].as_ref());
    let input = memory.value(plan.steps[step].inputs[0]);
    let gradient = memory.gradient(plan, plan.steps[step].output);
    let batch = batch.expect("known since the way forward");
    chunk.leaning = normalization(plan, step).lean(work.backend, batch, input, gradient);
}
