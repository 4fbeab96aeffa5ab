//! A whole training run in one call.

use gannet_data::Split;
use gannet_graph::Graph;

use crate::TrainError;
use crate::engine::Threads;
use crate::event::{Control, Epoch, Event};
use crate::recipe::Recipe;
use crate::training::Training;

/// A trained network.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The network.
    pub graph: Graph,
    /// What each whole epoch gave.
    pub history: Vec<Epoch>,
}

/// Trains `graph` on `train` and measures it on `validation` after each epoch. A
/// [`Control::Stop`] ends the run with the weights as they are then; to go on later, use
/// [`Training`].
///
/// # Errors
/// If the recipe is not possible, the data does not suit the network, or a number becomes
/// infinite on the way.
pub fn fit(
    graph: Graph,
    train: &Split,
    validation: &Split,
    recipe: &Recipe,
    threads: Threads,
    on_event: &mut dyn FnMut(Event<'_>) -> Control,
) -> Result<Trained, TrainError> {
    let mut training = Training::new(graph, train, validation, recipe.clone(), threads)?;
    training.run(on_event)?;
    Ok(training.into_trained())
}
