//! What is seen while a network is trained: a bar for each epoch, and a line when it is done.

use std::time::{Duration, Instant};

use gannet_train::{Batch, Epoch, Event, Recipe};
use indicatif::{HumanDuration, ProgressBar};

use crate::draw::number::seconds;
use crate::screen::Screen;

/// The progress of one run.
pub struct Progress {
    screen: Screen,
    epochs: usize,
    bar: Option<ProgressBar>,
    clock: Clock,
}

impl Progress {
    pub fn new(recipe: &Recipe, screen: Screen) -> Self {
        Progress {
            screen,
            epochs: recipe.epochs,
            bar: None,
            clock: Clock {
                begin: Instant::now(),
                first: None,
            },
        }
    }

    pub fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Batch(batch) => self.batch(batch),
            Event::Epoch(epoch) => self.epoch(epoch),
        }
    }

    /// Takes the bar away.
    pub fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn batch(&mut self, batch: &Batch) {
        let (screen, epochs) = (self.screen, self.epochs);
        let bar = self.bar.get_or_insert_with(|| {
            let template = "Epoch {prefix} {pos:>3}/{len} {bar:30} {msg}";
            let bar = screen.bar(batch.batches, template);
            bar.set_prefix(format!("{}/{epochs}", batch.epoch));
            bar
        });
        bar.set_position(batch.batch as u64);
        let done = (batch.epoch - 1) * batch.batches + batch.batch;
        let left = self.clock.left(done, epochs * batch.batches);
        let left = left.map_or(String::new(), |left| {
            format!(" - {} left", HumanDuration(left))
        });
        bar.set_message(format!(
            "loss: {:.4} - accuracy: {:.4}{left}",
            batch.loss, batch.accuracy
        ));
    }

    fn epoch(&mut self, epoch: &Epoch) {
        self.clear();
        self.screen.line(format_args!(
            "Epoch {:>2}/{} {:>6} - loss: {:.4} - accuracy: {:.4} - val_loss: {:.4} - val_accuracy: {:.4}",
            epoch.epoch,
            self.epochs,
            seconds(epoch.seconds + epoch.val_seconds),
            epoch.loss,
            epoch.accuracy,
            epoch.val_loss,
            epoch.val_accuracy
        ));
    }
}

/// Foresees the end from what was done since the begin, which may be in the middle of a run.
struct Clock {
    begin: Instant,
    /// Batches of the whole run when the first was seen here.
    first: Option<usize>,
}

impl Clock {
    fn left(&mut self, done: usize, all: usize) -> Option<Duration> {
        let here = done - *self.first.get_or_insert(done);
        (here > 0).then(|| {
            self.begin
                .elapsed()
                .mul_f64((all - done) as f64 / here as f64)
        })
    }
}
