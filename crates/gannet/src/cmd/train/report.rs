//! What a training run came to: the report's section, and a line for a person.

use gannet_train::{Epoch, Keep, Measure, Recipe, Watch};
use serde::Serialize;

use crate::draw::number::{percent, seconds};
use crate::screen::Screen;

/// The report's section.
#[derive(Debug, Clone, Serialize)]
pub struct Section {
    /// Epochs that were trained.
    pub epochs: usize,
    /// Time of training and validation.
    pub seconds: f64,
    /// The epoch whose weights were kept, from 1. What follows is of that epoch.
    kept_epoch: usize,
    /// Share of training pictures that were right as they were met.
    pub accuracy: f64,
    /// Loss of the training pictures as they were met.
    pub loss: f64,
    /// Share of validation pictures that are right.
    pub val_accuracy: f64,
    /// Loss on the validation pictures.
    pub val_loss: f64,
    /// Share of test pictures that are right, where validation had its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
    /// Loss on the test pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_loss: Option<f64>,
    /// The seed.
    pub seed: u64,
    history: Vec<Epoch>,
}

impl Section {
    /// What a run with that history came to; nothing of a run without an epoch.
    pub fn new(history: &[Epoch], recipe: &Recipe, test: Option<Measure>) -> Option<Self> {
        let kept = kept(history, recipe)?;
        Some(Section {
            epochs: history.len(),
            seconds: history
                .iter()
                .map(|epoch| epoch.seconds + epoch.val_seconds)
                .sum(),
            kept_epoch: kept.epoch,
            accuracy: kept.accuracy,
            loss: kept.loss,
            val_accuracy: kept.val_accuracy,
            val_loss: kept.val_loss,
            test_accuracy: test.map(|test| test.accuracy),
            test_loss: test.map(|test| test.loss),
            seed: recipe.seed,
            history: history.to_vec(),
        })
    }

    /// Says it in a line.
    pub fn show(&self, screen: Screen) {
        screen.line(format_args!(
            "trained in {}: {} of the training pictures, {} of the validation pictures are right",
            seconds(self.seconds),
            percent(self.accuracy),
            percent(self.val_accuracy)
        ));
        if let (Some(accuracy), Some(loss)) = (self.test_accuracy, self.test_loss) {
            screen.line(format_args!(
                "the test set, looked at once: {} are right, loss {loss:.4}",
                percent(accuracy)
            ));
        }
    }
}

/// The epoch whose weights the recipe keeps: the last, or of equally good ones the first.
fn kept<'h>(history: &'h [Epoch], recipe: &Recipe) -> Option<&'h Epoch> {
    let value = |epoch: &Epoch| match recipe.watch {
        Watch::Loss => -epoch.val_loss,
        Watch::Accuracy => epoch.val_accuracy,
    };
    match recipe.keep {
        Keep::Last => history.last(),
        Keep::Best => history.iter().reduce(|best, epoch| {
            if value(epoch) > value(best) {
                epoch
            } else {
                best
            }
        }),
    }
}
