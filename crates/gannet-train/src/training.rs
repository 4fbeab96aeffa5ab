//! A training run that can pause after any batch and go on as if nothing had been.
//!
//! In go a network, two splits and a [`Recipe`]; out come events while it runs and a trained
//! network. All that it is made of stands in [`State`]; all else follows from the recipe.

use std::ops::Range;
use std::time::Instant;

use gannet_data::Split;
use gannet_graph::{Graph, Shape};

use crate::TrainError;
use crate::augment::Source;
use crate::average;
use crate::checkpoint::{self, Checkpoint};
use crate::engine::{self, Activations, Backend, Crew, Draw, Head, Threads};
use crate::evaluate::check_images;
use crate::event::{Batch, Control, Epoch, Event, Measure};
use crate::fit::Trained;
use crate::initialize::initialize;
use crate::penalty::Penalty;
use crate::random::{Purpose, Stream};
use crate::recipe::{Keep, Recipe, Start, Watch};
use crate::rounding::Rounding;
use crate::state::{Best, State};

/// A run under way, or paused, or finished.
#[derive(Debug)]
pub struct Training<'a> {
    graph: Graph,
    train: &'a Split,
    validation: &'a Split,
    recipe: Recipe,
    crew: Crew,
    head: Head,
    penalty: Penalty,
    rounding: Rounding,
    /// What the network is computed with: the rounded weights.
    computed: Vec<f32>,
    /// The weights that the optimizer changes.
    trained: Vec<Range<usize>>,
    class_weights: Vec<f32>,
    gradient: Vec<f32>,
    state: State,
    /// The teachers' hashes.
    teachers: Vec<String>,
}

impl<'a> Training<'a> {
    /// A run that has not begun.
    ///
    /// # Errors
    /// If the recipe is not possible, or the data does not suit the network.
    pub fn new(
        mut graph: Graph,
        train: &'a Split,
        validation: &'a Split,
        recipe: Recipe,
        threads: Threads,
    ) -> Result<Self, TrainError> {
        if recipe.start == Start::Glorot {
            initialize(&mut graph, recipe.seed);
        }
        graph = as_trained(graph, &recipe);
        let weights: Vec<f32> = graph.weights().flatten().copied().collect();
        let state = State::new(weights, recipe.average);
        Training::with_state(graph, train, validation, recipe, threads, state, Vec::new())
    }

    /// Goes on with a paused run. `graph` gives the structure; recipe and weights are the
    /// checkpoint's.
    ///
    /// # Errors
    /// [`TrainError::Resume`] if the run was one of another network or other data.
    pub fn resume(
        graph: Graph,
        train: &'a Split,
        validation: &'a Split,
        checkpoint: Checkpoint,
        threads: Threads,
    ) -> Result<Self, TrainError> {
        let Checkpoint {
            recipe,
            structure,
            images,
            teachers,
            state,
        } = checkpoint;
        let graph = as_trained(graph, &recipe);
        let fits =
            state.weights.len() == graph.params() && structure == checkpoint::structure(&graph);
        if !fits {
            let difference = format!(
                "network '{}' has another structure or other penalties",
                graph.name()
            );
            return Err(TrainError::Resume { difference });
        }
        if images != train.len() {
            let difference = format!("it saw {images} training images and not {}", train.len());
            return Err(TrainError::Resume { difference });
        }
        Training::with_state(graph, train, validation, recipe, threads, state, teachers)
    }

    /// The same run with the teachers that its recipe names.
    ///
    /// # Errors
    /// If the recipe does not name as many, the data does not suit one of them, or they are not
    /// those that a resumed run learned from.
    pub fn taught_by(mut self, teachers: &[Graph]) -> Result<Self, TrainError> {
        let wrong = |problem: String| Err(TrainError::Teacher { problem });
        let Some(recipe) = &self.recipe.teacher else {
            return wrong("no model is named, but a network was given".to_owned());
        };
        let (named, given) = (recipe.models.len(), teachers.len());
        if named != given {
            return wrong(format!("models named: {named}, networks given: {given}"));
        }
        for teacher in teachers {
            check_data(teacher, "training", self.train)?;
            engine::supported::check(teacher)?;
        }
        let backend = self.crew.backend();
        let lecturers = engine::Teachers::new(teachers, recipe.share, backend);
        if let Some(i) = lecturers.without_shares() {
            return wrong(format!(
                "network '{}' has to end in softmax or sigmoid, so that its outputs can be targets",
                teachers[i].name()
            ));
        }
        let hashes: Vec<String> = teachers.iter().map(|t| t.hash().to_string()).collect();
        if !self.teachers.is_empty() && self.teachers != hashes {
            let difference = "it learned from another teacher".to_owned();
            return Err(TrainError::Resume { difference });
        }
        self.teachers = hashes;
        self.crew.learn_from(lecturers);
        Ok(self)
    }

    /// The run as it is now, to be written to a file.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            recipe: self.recipe.clone(),
            structure: checkpoint::structure(&self.graph),
            images: self.train.len(),
            teachers: self.teachers.clone(),
            state: self.state.clone(),
        }
    }

    fn with_state(
        graph: Graph,
        train: &'a Split,
        validation: &'a Split,
        recipe: Recipe,
        threads: Threads,
        state: State,
        teachers: Vec<String>,
    ) -> Result<Self, TrainError> {
        check_data(&graph, "training", train)?;
        check_data(&graph, "validation", validation)?;
        recipe.check(train.class_count())?;
        let activations = match recipe.quantize {
            Some(_) => Activations::Rounded,
            None => Activations::Real,
        };
        let crew = Crew::new(&graph, activations, threads, Backend::detect())?;
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
            });
        }
        let class_weights = match &recipe.class_weights[..] {
            [] => vec![1.0; train.class_count()],
            weights => weights.to_vec(),
        };
        Ok(Training {
            penalty: Penalty::new(&graph),
            rounding: Rounding::new(&graph, recipe.quantize.as_ref()),
            computed: Vec::new(),
            trained: trained(&graph),
            gradient: vec![0.0; graph.params()],
            graph,
            train,
            validation,
            recipe,
            crew,
            head,
            class_weights,
            state,
            teachers,
        })
    }

    /// Trains until the recipe's end, or until `on_event` says stop: then another call goes on
    /// from there. So a checkpoint now and then is a stop, [`Training::checkpoint`] and
    /// another call.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] when a number becomes infinite or no number, and
    /// [`TrainError::Teacher`] if the recipe names teachers and none was given.
    pub fn run(
        &mut self,
        on_event: &mut dyn FnMut(Event<'_>) -> Control,
    ) -> Result<(), TrainError> {
        if let (Some(teacher), false) = (&self.recipe.teacher, self.crew.has_teachers()) {
            let named = teacher.models.join(" and ");
            let problem = format!("{named} named, but no network was given");
            return Err(TrainError::Teacher { problem });
        }
        while !self.is_finished() {
            if self.batches(on_event)? == Control::Stop {
                break;
            }
            let epoch = self.validate();
            if on_event(Event::Epoch(&epoch)) == Control::Stop {
                break;
            }
        }
        Ok(())
    }

    /// Whether the recipe's end is reached, by its epochs or its patience.
    pub fn is_finished(&self) -> bool {
        let epochs = self.state.history.len();
        let best = self.state.best.as_ref().map_or(0, |best| best.epoch);
        epochs >= self.recipe.epochs
            || self
                .recipe
                .patience
                .is_some_and(|patience| epochs >= best + patience)
    }

    /// The recipe.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// What each whole epoch gave.
    pub fn history(&self) -> &[Epoch] {
        &self.state.history
    }

    /// How the network with the weights that the recipe keeps of what was trained so far does
    /// on other data, such as a test set.
    ///
    /// # Errors
    /// If the data does not suit the network.
    pub fn measure(&mut self, split: &Split) -> Result<Measure, TrainError> {
        check_data(&self.graph, "given", split)?;
        let weights = self.kept().to_vec();
        Ok(self.measure_weights(&weights, split))
    }

    /// The network with the weights that the recipe keeps of what was trained so far.
    pub fn into_trained(mut self) -> Trained {
        let weights = self.kept().to_vec();
        set_weights(&mut self.graph, &weights);
        Trained {
            graph: self.graph,
            history: self.state.history,
        }
    }

    fn kept(&self) -> &[f32] {
        match &self.state.best {
            Some(best) if self.recipe.keep == Keep::Best => &best.weights,
            _ => self.state.measured(),
        }
    }

    fn measure_weights(&mut self, weights: &[f32], split: &Split) -> Measure {
        load(&mut self.crew, &self.rounding, &mut self.computed, weights);
        let tally = self.crew.tally(&self.head, split);
        let images = split.len() as f64;
        Measure {
            loss: tally.loss / images + self.penalty.of(weights),
            accuracy: tally.correct as f64 / images,
        }
    }

    /// The batches of the epoch that are left.
    fn batches(
        &mut self,
        on_event: &mut dyn FnMut(Event<'_>) -> Control,
    ) -> Result<Control, TrainError> {
        let epoch = self.state.history.len() + 1;
        let mut order: Vec<u32> = (0..self.train.len() as u32).collect();
        Stream::new(self.recipe.seed, Purpose::Order, epoch as u64).shuffle(&mut order);
        let batches = order.len().div_ceil(self.recipe.batch);
        while self.state.running.batches < batches {
            let begin = Instant::now();
            let first = self.state.running.batches * self.recipe.batch;
            let indices = &order[first..order.len().min(first + self.recipe.batch)];
            self.step(indices, batches, epoch)?;
            let running = &mut self.state.running;
            running.batches += 1;
            running.seconds += begin.elapsed().as_secs_f64();
            let report = Batch {
                epoch,
                batch: running.batches,
                batches,
                loss: running.loss(),
                accuracy: running.accuracy(),
            };
            if on_event(Event::Batch(&report)) == Control::Stop {
                return Ok(Control::Stop);
            }
        }
        Ok(Control::Continue)
    }

    /// One batch: the mean gradient of its images and of the penalty, and a step against it.
    fn step(&mut self, indices: &[u32], batches: usize, epoch: usize) -> Result<(), TrainError> {
        let State {
            weights,
            optimizer,
            steps,
            running,
            average,
            ..
        } = &mut self.state;
        let recipe = &self.recipe;
        let source = if recipe.augmentation.acts(epoch, recipe.epochs) {
            Source::changed(
                self.train.images(),
                &recipe.augmentation,
                recipe.seed,
                epoch,
            )
        } else {
            Source::plain(self.train.images())
        };
        let penalty = self.penalty.of(weights);
        load(&mut self.crew, &self.rounding, &mut self.computed, weights);
        let gradient = &mut self.gradient;
        let labels = self.train.labels();
        let batch = engine::Batch {
            source,
            labels,
            indices,
            draw: Draw {
                seed: recipe.seed,
                epoch,
            },
        };
        let tally = self
            .crew
            .gradient(&self.head, &batch, &self.class_weights, gradient);
        let share = 1.0 / indices.len() as f32;
        gradient.iter_mut().for_each(|value| *value *= share);
        self.penalty.add_gradient(weights, gradient);
        let factor = self
            .recipe
            .schedule
            .factor(*steps, batches, self.recipe.epochs);
        // Without a way out of the loop it runs in vector registers.
        let sound = gradient
            .iter()
            .fold(true, |sound, value| sound & value.is_finite());
        if !sound || !tally.loss.is_finite() {
            let layer = self.crew.first_not_finite(&batch, gradient);
            return Err(TrainError::NotFinite {
                epoch,
                batch: running.batches + 1,
                layer,
            });
        }
        let backend = self.crew.backend();
        let optimizer_recipe = &self.recipe.optimizer;
        optimizer.step(
            backend,
            optimizer_recipe,
            factor,
            &self.trained,
            gradient,
            weights,
        );
        self.crew.move_statistics(weights);
        *steps += 1;
        if let (Some(decay), Some(average)) = (self.recipe.average, average) {
            average::update(average, weights, decay, *steps);
        }
        running.loss_sum += tally.loss + penalty * indices.len() as f64;
        running.correct += tally.correct;
        running.images += indices.len();
        Ok(())
    }

    /// Measures the epoch and begins the next.
    fn validate(&mut self) -> Epoch {
        let begin = Instant::now();
        let weights = self.state.measured().to_vec();
        let validation = self.measure_weights(&weights, self.validation);
        let running = std::mem::take(&mut self.state.running);
        let epoch = Epoch {
            epoch: self.state.history.len() + 1,
            loss: running.loss(),
            accuracy: running.accuracy(),
            val_loss: validation.loss,
            val_accuracy: validation.accuracy,
            seconds: running.seconds,
            val_seconds: begin.elapsed().as_secs_f64(),
        };
        let value = match self.recipe.watch {
            Watch::Loss => -epoch.val_loss,
            Watch::Accuracy => epoch.val_accuracy,
        };
        if self
            .state
            .best
            .as_ref()
            .is_none_or(|best| value > best.value)
        {
            self.state.best = Some(Best {
                epoch: epoch.epoch,
                value,
                weights,
            });
        }
        self.state.history.push(epoch);
        epoch
    }
}

/// The form of `graph` that is trained: simplified where it will be quantized, because then
/// nothing is left to be folded.
fn as_trained(graph: Graph, recipe: &Recipe) -> Graph {
    match recipe.quantize {
        Some(_) => graph.simplified(),
        None => graph,
    }
}

/// Gives `crew` the rounded `weights`, by way of `computed`.
fn load(crew: &mut Crew, rounding: &Rounding, computed: &mut Vec<f32>, weights: &[f32]) {
    computed.clear();
    computed.extend_from_slice(weights);
    rounding.apply(computed);
    crew.load(computed);
}

fn check_data(graph: &Graph, name: &'static str, split: &Split) -> Result<(), TrainError> {
    check_images(graph, name, split.images())?;
    if *graph.output_shape() != Shape::from([split.class_count()]) {
        return Err(TrainError::Outputs {
            network: graph.name().to_owned(),
            outputs: graph.output_shape().clone(),
            classes: split.class_count(),
        });
    }
    Ok(())
}

/// Where the weights lie that a gradient changes, neighbours taken together.
fn trained(graph: &Graph) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut first = 0;
    let weights = graph.nodes().iter().flat_map(|node| node.layer().weights());
    for weight in weights {
        let range = first..first + weight.tensor.data().len();
        first = range.end;
        match ranges.last_mut() {
            _ if !weight.trainable => {}
            Some(last) if last.end == range.start => last.end = range.end,
            _ => ranges.push(range),
        }
    }
    ranges
}

fn set_weights(graph: &mut Graph, mut weights: &[f32]) {
    for values in graph.weights_mut() {
        let (own, rest) = weights.split_at(values.len());
        values.copy_from_slice(own);
        weights = rest;
    }
}
