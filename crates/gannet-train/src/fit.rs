//! The training loop: epochs of batches, and what it tells while it runs.

use std::time::Instant;

use gannet_data::Split;
use gannet_graph::{Graph, Layer, Regularizer, Shape};

use crate::TrainError;
use crate::engine::{Backend, Crew, Head, Tally, Threads};
use crate::initialize::initialize;
use crate::optimizer::OptimizerState;
use crate::random::{Purpose, Stream};
use crate::recipe::{Recipe, Start};

/// What happens while a network is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// A batch is done.
    Batch(&'a Batch),
    /// An epoch is done, validation too.
    Epoch(&'a Epoch),
}

/// Where in an epoch training is, and the means since the epoch's begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batch {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The batch, from 1.
    pub batch: usize,
    /// Batches an epoch.
    pub batches: usize,
    /// Mean loss of the epoch's images so far, with the penalty on the weights.
    pub loss: f64,
    /// Share of the epoch's images so far whose largest output was their label's.
    pub accuracy: f64,
}

/// One line of a run's history.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Epoch {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Mean loss of the training images, each as it was met, with the penalty on the weights.
    pub loss: f64,
    /// Share of the training images whose largest output was their label's, each as it was met.
    pub accuracy: f64,
    /// Mean loss of the validation images at the end of the epoch, with the penalty.
    pub val_loss: f64,
    /// Share of the validation images whose largest output is their label's.
    pub val_accuracy: f64,
    /// How long training took, without validation.
    pub seconds: f64,
    /// How long validation took.
    pub val_seconds: f64,
}

/// Whether training goes on after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// It does.
    Continue,
    /// It ends here, with the weights as they are.
    Stop,
}

/// A trained network.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The network.
    pub graph: Graph,
    /// What each whole epoch gave.
    pub history: Vec<Epoch>,
}

/// Trains `graph` on `train` and measures it on `validation` after each epoch.
///
/// # Errors
/// If the recipe is not possible, or the data does not suit the network.
pub fn fit(
    mut graph: Graph,
    train: &Split,
    validation: &Split,
    recipe: &Recipe,
    threads: Threads,
    on_event: &mut dyn FnMut(Event<'_>) -> Control,
) -> Result<Trained, TrainError> {
    recipe.check()?;
    check_data(&graph, "training", train)?;
    check_data(&graph, "validation", validation)?;
    if recipe.start == Start::Glorot {
        initialize(&mut graph, recipe.seed);
    }
    let mut run = Run::new(&graph, recipe, threads)?;
    let mut history = Vec::with_capacity(recipe.epochs);
    for epoch in 1..=recipe.epochs {
        let Some(report) = run.epoch(epoch, train, validation, on_event) else {
            break;
        };
        history.push(report);
        if on_event(Event::Epoch(&report)) == Control::Stop {
            break;
        }
    }
    set_weights(&mut graph, &run.weights);
    Ok(Trained { graph, history })
}

/// One run under way.
struct Run<'a> {
    recipe: &'a Recipe,
    crew: Crew,
    head: Head,
    penalties: Vec<Regularizer>,
    weights: Vec<f32>,
    gradient: Vec<f32>,
    state: OptimizerState,
}

impl<'a> Run<'a> {
    fn new(graph: &Graph, recipe: &'a Recipe, threads: Threads) -> Result<Self, TrainError> {
        let crew = Crew::new(graph, threads, Backend::detect())?;
        let head = Head {
            function: crew.function(),
            loss: recipe.loss,
            label_smoothing: recipe.label_smoothing,
        };
        if !head.is_possible() {
            return Err(TrainError::LossAndFunction {
                loss: recipe.loss.name(),
                network: graph.name().to_owned(),
                function: head.function.name(),
                hint: "categorical-cross-entropy goes with softmax or logits, binary-cross-entropy with sigmoid or logits",
            });
        }
        let weights: Vec<f32> = graph.weights().flatten().copied().collect();
        Ok(Run {
            recipe,
            crew,
            head,
            penalties: penalties(graph),
            gradient: vec![0.0; weights.len()],
            state: OptimizerState::new(weights.len()),
            weights,
        })
    }

    /// One epoch; `None` if it was stopped before its end.
    fn epoch(
        &mut self,
        epoch: usize,
        train: &Split,
        validation: &Split,
        on_event: &mut dyn FnMut(Event<'_>) -> Control,
    ) -> Option<Epoch> {
        let begin = Instant::now();
        let mut order: Vec<u32> = (0..train.len() as u32).collect();
        Stream::new(self.recipe.seed, Purpose::Order, epoch as u64).shuffle(&mut order);
        let class_weights = vec![1.0; train.class_count()];
        let batches = order.len().div_ceil(self.recipe.batch);
        let (mut loss, mut correct, mut seen) = (0.0, 0, 0);
        for (i, indices) in order.chunks(self.recipe.batch).enumerate() {
            let penalty = self.penalty();
            let tally = self.step(train, indices, &class_weights);
            loss += tally.loss + penalty * indices.len() as f64;
            correct += tally.correct;
            seen += indices.len();
            let report = Batch {
                epoch,
                batch: i + 1,
                batches,
                loss: loss / seen as f64,
                accuracy: correct as f64 / seen as f64,
            };
            if on_event(Event::Batch(&report)) == Control::Stop {
                return None;
            }
        }
        let seconds = begin.elapsed().as_secs_f64();
        let begin = Instant::now();
        self.crew.load(&self.weights);
        let (_, tally) = self.crew.outputs(&self.head, validation);
        Some(Epoch {
            epoch,
            loss: loss / seen as f64,
            accuracy: correct as f64 / seen as f64,
            val_loss: tally.loss / validation.len() as f64 + self.penalty(),
            val_accuracy: tally.correct as f64 / validation.len() as f64,
            seconds,
            val_seconds: begin.elapsed().as_secs_f64(),
        })
    }

    /// One batch: the mean gradient of its images and of the penalty, and a step against it.
    fn step(&mut self, train: &Split, indices: &[u32], class_weights: &[f32]) -> Tally {
        self.crew.load(&self.weights);
        let gradient = &mut self.gradient;
        let tally = self
            .crew
            .gradient(&self.head, train, indices, class_weights, gradient);
        let share = 1.0 / indices.len() as f32;
        for ((gradient, weight), penalty) in
            gradient.iter_mut().zip(&self.weights).zip(&self.penalties)
        {
            let sign = if *weight == 0.0 { 0.0 } else { weight.signum() };
            *gradient = *gradient * share + penalty.l1 * sign + 2.0 * penalty.l2 * weight;
        }
        self.state
            .step(&self.recipe.optimizer, &self.gradient, &mut self.weights);
        tally
    }

    fn penalty(&self) -> f64 {
        let of = |(weight, penalty): (&f32, &Regularizer)| {
            let weight = f64::from(*weight);
            f64::from(penalty.l1) * weight.abs() + f64::from(penalty.l2) * weight * weight
        };
        self.weights.iter().zip(&self.penalties).map(of).sum()
    }
}

fn check_data(graph: &Graph, name: &'static str, split: &Split) -> Result<(), TrainError> {
    let shape = split.images().shape();
    let found = Shape::from([shape.height(), shape.width(), shape.channels()]);
    if *graph.input_shape() != found {
        return Err(TrainError::ImageShape {
            network: graph.name().to_owned(),
            expected: graph.input_shape().clone(),
            split: name,
            found,
        });
    }
    if *graph.output_shape() != Shape::from([split.class_count()]) {
        return Err(TrainError::Outputs {
            network: graph.name().to_owned(),
            outputs: graph.output_shape().clone(),
            classes: split.class_count(),
        });
    }
    Ok(())
}

/// The penalty on every single weight.
fn penalties(graph: &Graph) -> Vec<Regularizer> {
    let of = |layer: &Layer| {
        let on_kernel = match layer {
            Layer::Conv2D(layer) => layer.kernel_regularizer,
            Layer::Dense(layer) => layer.kernel_regularizer,
            _ => Regularizer::NONE,
        };
        layer
            .weights()
            .into_iter()
            .flat_map(|weight| {
                let penalty = if weight.name == "kernel" {
                    on_kernel
                } else {
                    Regularizer::NONE
                };
                std::iter::repeat_n(penalty, weight.tensor.data().len())
            })
            .collect::<Vec<_>>()
    };
    graph
        .nodes()
        .iter()
        .flat_map(|node| of(node.layer()))
        .collect()
}

fn set_weights(graph: &mut Graph, mut weights: &[f32]) {
    for values in graph.weights_mut() {
        let (own, rest) = weights.split_at(values.len());
        values.copy_from_slice(own);
        weights = rest;
    }
}
