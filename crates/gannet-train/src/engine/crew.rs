//! The threads that compute a batch, chunk by chunk.
//!
//! A batch is cut into chunks of sixteen images. Threads take the next chunk whenever they
//! are free; each chunk's gradient has its own place, and the places are added in order, so
//! that it makes no difference who computed what.

use std::num::NonZero;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gannet_data::{Images, Split};
use gannet_graph::Graph;
use rayon::ThreadPool;

use super::backend::Backend;
use super::chunk::{Bench, Memory, Work};
use super::dropout::Draw;
use super::head::{Head, Tally};
use super::normalization::{Batchwise, Leaning, Measured};
use super::plan::{Plan, Step};
use super::round::Activations;
use super::simd::{LANES, Lanes};
use super::teacher::{Lesson, Teachers};
use crate::TrainError;
use crate::augment::Source;

/// Large batches are computed in parts, so that gradients do not fill the memory.
const CHUNKS_AT_ONCE: usize = 64;

/// How many threads compute. The results do not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Threads {
    /// As many as the machine runs at once.
    #[default]
    All,
    /// That many.
    Count(NonZero<usize>),
}

/// A network, and threads with memory to compute it.
#[derive(Debug)]
pub struct Crew {
    pub(super) plan: Plan,
    pub(super) backend: Backend,
    pool: ThreadPool,
    workspaces: Vec<Mutex<Workspace>>,
    teachers: Option<Teachers>,
    pub(super) chunks: Vec<Mutex<Chunk>>,
    /// What each step knows of the batch that was computed last.
    pub(super) known: Vec<Option<Batchwise>>,
}

/// What one thread works with.
#[derive(Debug)]
pub(super) struct Workspace {
    memory: Memory,
    pub(super) bench: Bench,
    pub(super) lesson: Option<Lesson>,
}

/// The images of one step.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// All images.
    pub source: Source<'a>,
    /// Their labels.
    pub labels: &'a [u8],
    /// Which of them are meant.
    pub indices: &'a [u32],
    /// What decides which values are left out.
    pub draw: Draw,
}

impl Batch<'_> {
    /// The images of the `i`th chunk.
    pub(super) fn chunk(&self, i: usize) -> impl ExactSizeIterator<Item = usize> + Clone {
        self.indices[chunk(self.indices.len(), i)]
            .iter()
            .map(|&index| index as usize)
    }

    /// The labels of the `i`th chunk, and the weights of their classes.
    pub(super) fn labels(&self, i: usize, class_weights: &[f32]) -> (Vec<u8>, Vec<f32>) {
        let labels: Vec<u8> = self.chunk(i).map(|index| self.labels[index]).collect();
        let weights = labels
            .iter()
            .map(|&label| class_weights[usize::from(label)]);
        let weights = weights.collect();
        (labels, weights)
    }
}

/// What one chunk of a batch gave.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) gradient: Vec<f32>,
    /// What the outputs should be.
    pub(super) targets: Vec<Lanes>,
    pub(super) tally: Tally,
    /// Its layers' values, if it has to wait for others between them.
    pub(super) memory: Option<Memory>,
    /// For the next normalization.
    pub(super) measured: Measured,
    /// For the normalization before.
    pub(super) leaning: Leaning,
}

impl Crew {
    /// Threads for `graph`.
    ///
    /// # Errors
    /// [`TrainError::Threads`] if the system gives no threads.
    pub fn new(
        graph: &Graph,
        activations: Activations,
        threads: Threads,
        backend: Backend,
    ) -> Result<Self, TrainError> {
        super::supported::check(graph)?;
        let count = match threads {
            Threads::All => std::thread::available_parallelism().map_or(1, NonZero::get),
            Threads::Count(count) => count.get(),
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|i| format!("train-{i}"))
            .build()
            .map_err(|error| TrainError::Threads {
                count,
                reason: error.to_string(),
            })?;
        let plan = Plan::new(graph, activations);
        let workspaces = (0..count)
            .map(|_| {
                Mutex::new(Workspace {
                    memory: Memory::new(&plan),
                    bench: Bench::new(&plan),
                    lesson: None,
                })
            })
            .collect();
        Ok(Crew {
            known: plan.steps.iter().map(|_| None).collect(),
            plan,
            backend,
            pool,
            workspaces,
            teachers: None,
            chunks: Vec::new(),
        })
    }

    /// From now on a share of each target is what `teachers` give for the image.
    pub fn learn_from(&mut self, teachers: Teachers) {
        for workspace in &mut self.workspaces {
            let workspace = workspace.get_mut();
            let workspace = workspace.expect("no thread panics with a workspace");
            workspace.lesson = Some(teachers.lesson());
        }
        self.teachers = Some(teachers);
    }

    /// Whether there is somebody to learn from.
    pub fn has_teachers(&self) -> bool {
        self.teachers.is_some()
    }

    /// What the outputs should be for the images in `memory`.
    pub(super) fn targets(
        &self,
        head: &Head,
        labels: &[u8],
        memory: &Memory,
        lesson: Option<&mut Lesson>,
    ) -> Vec<Lanes> {
        let mut targets = head.targets(labels, self.plan.classes());
        if let (Some(teachers), Some(lesson)) = (&self.teachers, lesson) {
            teachers.teach(self.backend, memory, lesson, &mut targets);
        }
        targets
    }

    /// Takes the network's weights, all of them one after another in the graph's order.
    pub fn load(&mut self, weights: &[f32]) {
        self.plan.load(self.backend, weights);
    }

    /// What it computes in.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The network's last activation function.
    pub fn function(&self) -> gannet_graph::Function {
        self.plan.function
    }

    /// The gradient of the sum of the images' losses, each weighted by its class's weight,
    /// written to `gradient`, and the images' tally.
    pub fn gradient(
        &mut self,
        head: &Head,
        batch: &Batch<'_>,
        class_weights: &[f32],
        gradient: &mut [f32],
    ) -> Tally {
        gradient.fill(0.0);
        // Normalization looks at the whole batch at once.
        let at_once = match self.plan.normalizations().next() {
            Some(_) => batch.indices.len().max(1),
            None => CHUNKS_AT_ONCE * LANES,
        };
        let parts = batch.indices.chunks(at_once);
        parts.fold(Tally::default(), |tally, indices| {
            let part = Batch { indices, ..*batch };
            tally.plus(self.add_gradient(head, &part, class_weights, gradient))
        })
    }

    fn add_gradient(
        &mut self,
        head: &Head,
        batch: &Batch<'_>,
        class_weights: &[f32],
        gradient: &mut [f32],
    ) -> Tally {
        let count = batch.indices.len().div_ceil(LANES);
        let weights = self.plan.weights;
        while self.chunks.len() < count {
            self.chunks.push(Mutex::new(Chunk {
                gradient: vec![0.0; weights],
                ..Chunk::default()
            }));
        }
        if self.plan.normalizations().next().is_some() {
            self.chunks_together(head, batch, class_weights, count, gradient);
        } else {
            self.chunks_alone(head, batch, class_weights, count);
        }
        let mut tally = Tally::default();
        for chunk in &mut self.chunks[..count] {
            let chunk = chunk.get_mut().expect("no thread panics with a chunk");
            tally = tally.plus(chunk.tally);
            for (sum, value) in gradient.iter_mut().zip(&chunk.gradient) {
                *sum += value;
            }
        }
        tally
    }

    /// Takes each chunk all the way forward and back before the next.
    fn chunks_alone(&self, head: &Head, batch: &Batch<'_>, class_weights: &[f32], count: usize) {
        let work = self.work(Some(batch.draw), &[]);
        let steps = 0..self.plan.steps.len();
        self.each_chunk(count, |workspace, i| {
            let Workspace {
                memory,
                bench,
                lesson,
            } = workspace;
            let (labels, weights) = batch.labels(i, class_weights);
            memory.load(&batch.source, batch.chunk(i), bench);
            let targets = self.targets(head, &labels, memory, lesson.as_mut());
            let chunk = &mut *self.chunks[i]
                .lock()
                .expect("no thread panics with a chunk");
            work.forward(steps.clone(), memory, bench);
            work.finish(memory);
            chunk.tally = work.tally(head, &targets, &labels, memory);
            work.turn(head, &targets, &weights, memory);
            work.backward(steps.clone(), memory, bench, &mut chunk.gradient);
        });
    }

    pub(super) fn work<'a>(
        &'a self,
        draw: Option<Draw>,
        batch: &'a [Option<Batchwise>],
    ) -> Work<'a> {
        Work {
            plan: &self.plan,
            backend: self.backend,
            draw,
            batch,
        }
    }

    /// Moves the statistics among the network's weights towards those of the last batch.
    pub fn move_statistics(&self, weights: &mut [f32]) {
        for (i, normalization) in self.plan.normalizations() {
            if let Some(batch) = &self.known[i] {
                let own = &mut weights[self.plan.steps[i].weights.clone()];
                normalization.move_statistics(batch, own);
            }
        }
    }

    /// The name of the layer where numbers first are not finite: the first whose output is
    /// not, or else, gradients coming from the end, the last whose weights' gradient is not.
    pub fn first_not_finite(&self, batch: &Batch<'_>, gradient: &[f32]) -> String {
        let steps = &self.plan.steps;
        let first = Mutex::new(steps.len());
        let work = self.work(Some(batch.draw), &self.known);
        self.each_chunk(batch.indices.len().div_ceil(LANES), |workspace, i| {
            let Workspace { memory, bench, .. } = workspace;
            memory.load(&batch.source, batch.chunk(i), bench);
            work.forward(0..steps.len(), memory, bench);
            work.finish(memory);
            if let Some(step) = memory.first_not_finite(&self.plan) {
                let mut first = first.lock().expect("no thread panics here");
                *first = step.min(*first);
            }
        });
        let first = first.into_inner().expect("no thread panics here");
        let is_wild = |step: &&Step| !gradient[step.weights.clone()].iter().all(|x| x.is_finite());
        let step = steps
            .get(first)
            .or_else(|| steps.iter().rev().find(is_wild))
            .or(steps.last());
        step.map_or_else(String::new, |step| step.name.clone())
    }

    /// The outputs of every image, one after another.
    pub fn outputs(&self, images: &Images) -> Vec<f32> {
        let classes = self.plan.classes();
        let mut outputs = vec![0.0; images.len() * classes];
        let places: Vec<Mutex<&mut [f32]>> = outputs
            .chunks_mut(LANES * classes)
            .map(Mutex::new)
            .collect();
        self.each_chunk(places.len(), |workspace, i| {
            let memory = self.infer(workspace, images, chunk(images.len(), i));
            let mut place = places[i].lock().expect("no thread panics with a chunk");
            for (lane, to) in place.chunks_mut(classes).enumerate() {
                for (to, from) in to.iter_mut().zip(memory.outputs(&self.plan)) {
                    *to = from.0[lane];
                }
            }
        });
        drop(places);
        outputs
    }

    /// The tally of every image.
    pub fn tally(&self, head: &Head, split: &Split) -> Tally {
        let count = split.len().div_ceil(LANES);
        let tallies: Vec<Mutex<Tally>> = (0..count).map(|_| Mutex::default()).collect();
        self.each_chunk(count, |workspace, i| {
            let images = chunk(split.len(), i);
            let labels = &split.labels()[images.clone()];
            let memory = self.infer(workspace, split.images(), images);
            let targets = head.targets(labels, self.plan.classes());
            let tally = self.work(None, &[]).tally(head, &targets, labels, memory);
            *tallies[i].lock().expect("no thread panics with a chunk") = tally;
        });
        tallies.into_iter().fold(Tally::default(), |sum, tally| {
            sum.plus(tally.into_inner().expect("no thread panics with a chunk"))
        })
    }

    /// Computes the outputs of some images as they are.
    fn infer<'a>(
        &self,
        workspace: &'a mut Workspace,
        images: &Images,
        which: Range<usize>,
    ) -> &'a Memory {
        let Workspace { memory, bench, .. } = workspace;
        memory.load(&Source::plain(images), which, bench);
        let work = self.work(None, &[]);
        work.forward(0..self.plan.steps.len(), memory, bench);
        work.finish(memory);
        memory
    }

    /// Calls `work` once for each chunk of `count`, on all threads.
    pub(super) fn each_chunk(&self, count: usize, work: impl Fn(&mut Workspace, usize) + Sync) {
        let next = AtomicUsize::new(0);
        self.pool.broadcast(|thread| {
            let workspace = &self.workspaces[thread.index()];
            let workspace = &mut *workspace.lock().expect("no thread panics with a workspace");
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                if i >= count {
                    break;
                }
                work(workspace, i);
            }
        });
    }
}

/// The images of the `i`th chunk of `count`.
fn chunk(count: usize, i: usize) -> Range<usize> {
    i * LANES..count.min((i + 1) * LANES)
}
