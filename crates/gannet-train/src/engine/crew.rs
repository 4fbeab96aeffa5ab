//! The threads that compute a batch, chunk by chunk.
//!
//! A batch is cut into chunks of sixteen images. Threads take the next chunk whenever they
//! are free; each chunk's gradient has its own place, and the places are added in order, so
//! that it makes no difference who computed what.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gannet_data::Split;
use gannet_graph::Graph;
use rayon::ThreadPool;

use super::backend::Backend;
use super::chunk::Workspace;
use super::head::{Head, Tally};
use super::plan::Plan;
use super::simd::LANES;
use crate::TrainError;

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
    plan: Plan,
    backend: Backend,
    pool: ThreadPool,
    workspaces: Vec<Mutex<Workspace>>,
    chunks: Vec<Mutex<Chunk>>,
}

/// What one chunk of a batch gave.
#[derive(Debug, Default)]
struct Chunk {
    gradient: Vec<f32>,
    tally: Tally,
}

impl Crew {
    /// Threads for `graph`.
    ///
    /// # Errors
    /// [`TrainError::Threads`] if the system gives no threads.
    pub fn new(graph: &Graph, threads: Threads, backend: Backend) -> Result<Self, TrainError> {
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
        let plan = Plan::new(graph);
        let workspaces = (0..count)
            .map(|_| Mutex::new(Workspace::new(&plan)))
            .collect();
        Ok(Crew {
            plan,
            backend,
            pool,
            workspaces,
            chunks: Vec::new(),
        })
    }

    /// Takes the network's weights, all of them one after another in the graph's order.
    pub fn load(&mut self, weights: &[f32]) {
        self.plan.load(self.backend, weights);
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
        split: &Split,
        indices: &[u32],
        class_weights: &[f32],
        gradient: &mut [f32],
    ) -> Tally {
        let count = indices.len().div_ceil(LANES);
        let weights = self.plan.weights;
        while self.chunks.len() < count {
            self.chunks.push(Mutex::new(Chunk {
                gradient: vec![0.0; weights],
                ..Chunk::default()
            }));
        }
        self.each_chunk(count, |workspace, i| {
            let indices = &indices[i * LANES..indices.len().min((i + 1) * LANES)];
            let labels: Vec<u8> = indices
                .iter()
                .map(|&index| split.labels()[index as usize])
                .collect();
            let class_weights: Vec<f32> = labels
                .iter()
                .map(|&label| class_weights[usize::from(label)])
                .collect();
            workspace.load(indices.iter().map(|&index| image(split, index as usize)));
            let chunk = &mut *self.chunks[i]
                .lock()
                .expect("no thread panics with a chunk");
            chunk.tally = workspace.forward(&self.plan, self.backend, head, &labels);
            let to = &mut chunk.gradient;
            workspace.backward(&self.plan, self.backend, head, &labels, &class_weights, to);
        });
        gradient.fill(0.0);
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

    /// The outputs of every image, one after another, and their tally.
    pub fn outputs(&self, head: &Head, split: &Split) -> (Vec<f32>, Tally) {
        let classes = *self.plan.slots.last().expect("there is an input slot");
        let mut outputs = vec![0.0; split.len() * classes];
        let places: Vec<Mutex<(&mut [f32], Tally)>> = outputs
            .chunks_mut(LANES * classes)
            .map(|outputs| Mutex::new((outputs, Tally::default())))
            .collect();
        self.each_chunk(places.len(), |workspace, i| {
            let images = i * LANES..split.len().min((i + 1) * LANES);
            let labels = &split.labels()[images.clone()];
            workspace.load(images.map(|index| image(split, index)));
            let place = &mut *places[i].lock().expect("no thread panics with a chunk");
            place.1 = workspace.forward(&self.plan, self.backend, head, labels);
            for (lane, to) in place.0.chunks_mut(classes).enumerate() {
                for (to, from) in to.iter_mut().zip(workspace.outputs()) {
                    *to = from.0[lane];
                }
            }
        });
        let tally = places.into_iter().fold(Tally::default(), |tally, place| {
            tally.plus(place.into_inner().expect("no thread panics with a chunk").1)
        });
        (outputs, tally)
    }

    /// Calls `work` once for each chunk of `count`, on all threads.
    fn each_chunk(&self, count: usize, work: impl Fn(&mut Workspace, usize) + Sync) {
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

fn image(split: &Split, index: usize) -> &[u8] {
    let len = split.images().shape().elements();
    &split.images().pixels()[index * len..][..len]
}
