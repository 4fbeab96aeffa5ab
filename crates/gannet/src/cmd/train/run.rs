//! One training run, from its begin or a checkpoint to its end.

use std::path::Path;

use gannet_data::Split;
use gannet_graph::Graph;
use gannet_train::{Checkpoint, Control, Event, Recipe, Threads, Trained, Training};

use super::interrupt;
use super::progress::Progress;
use super::report::Section;
use crate::failure::Failure;
use crate::screen::Screen;

/// What is trained, and on what.
#[derive(Clone)]
pub struct Task<'a> {
    /// The network before training.
    pub graph: &'a Graph,
    pub train: &'a Split,
    pub validation: &'a Split,
    /// What is looked at once, at the end.
    pub test: Option<&'a Split>,
    pub recipe: Recipe,
    /// The networks that the recipe's teachers are.
    pub teachers: &'a [Graph],
    pub threads: Threads,
    pub screen: Screen,
}

/// Trains, from `saved` on if there is such, and writes a checkpoint to `checkpoint` behind each
/// epoch and when it is stopped.
pub fn train(
    task: &Task<'_>,
    saved: Option<Checkpoint>,
    checkpoint: Option<&Path>,
) -> Result<(Trained, Section), Failure> {
    let graph = task.graph.clone();
    let (train, validation) = (task.train, task.validation);
    let mut training = match saved {
        Some(saved) => Training::resume(graph, train, validation, saved, task.threads)?,
        None => Training::new(graph, train, validation, task.recipe.clone(), task.threads)?,
    };
    if !task.teachers.is_empty() {
        training = training.taught_by(task.teachers)?;
    }
    let mut progress = Progress::new(&task.recipe, task.screen);
    while !training.is_finished() {
        let mut on_event = |event: Event<'_>| {
            progress.show(&event);
            match event {
                Event::Batch(_) if !interrupt::asked() => Control::Continue,
                Event::Batch(_) | Event::Epoch(_) => Control::Stop,
            }
        };
        training.run(&mut on_event)?;
        let Some(path) = checkpoint else { continue };
        training.checkpoint().write(path)?;
        if interrupt::asked() && !training.is_finished() {
            progress.clear();
            return Err(Failure::interrupted(format!(
                "stopped in epoch {} of {}: the same command with --resume goes on from {}",
                training.history().len() + 1,
                task.recipe.epochs,
                path.display()
            )));
        }
    }
    let test = task.test.map(|test| training.measure(test)).transpose()?;
    let trained = training.into_trained();
    let section = Section::new(&trained.history, &task.recipe, test)
        .ok_or_else(|| Failure::new("no epoch was trained"))?;
    section.show(task.screen);
    Ok((trained, section))
}
