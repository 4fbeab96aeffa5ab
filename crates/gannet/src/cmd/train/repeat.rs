//! `--seeds`: the same training several times, as one run says little.

use std::fs;
use std::path::{Path, PathBuf};

use gannet_train::Recipe;
use serde::Serialize;

use super::report::Section;
use super::run::Task;
use super::{checkpoint, train_file};
use crate::draw::number::percent;
use crate::draw::table::{Column, table};
use crate::failure::Failure;
use crate::screen::Screen;

/// The report's section.
#[derive(Debug, Serialize)]
pub struct Repeated {
    /// Validation accuracy over the runs.
    val_accuracy: Spread,
    /// Test accuracy over the runs, where validation had its own pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    test_accuracy: Option<Spread>,
    /// The seed of the median validation accuracy, whose network has the model file's name.
    median_seed: u64,
    /// The runs, by seed.
    runs: Vec<Section>,
}

/// The middle and the ends of a list; of an even number the lower middle, so that it is the
/// value of one of the runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Some(Spread {
            median: values[values.len().checked_sub(1)? / 2],
            min: *values.first()?,
            max: *values.last()?,
        })
    }
}

/// Trains `count` networks, with the recipe's seed and those that follow it. Each has its own
/// file; the median's becomes `out`. Checkpoints stay until all are done: one that is stopped
/// goes on without doing anything twice.
pub fn run(task: &Task<'_>, count: u64, out: &Path, resume: bool) -> Result<Repeated, Failure> {
    let first = task.recipe.seed;
    let last = first
        .checked_add(count - 1)
        .ok_or_else(|| Failure::usage(format!("there are no {count} seeds from {first} on")))?;
    let mut runs = Vec::new();
    for seed in first..=last {
        task.screen
            .line(format_args!("seed {seed}, {} of {count}", seed - first + 1));
        let task = Task {
            recipe: Recipe {
                seed,
                ..task.recipe.clone()
            },
            ..task.clone()
        };
        let (_, section) = train_file(&task, &file(out, seed), resume)?;
        runs.push(section);
    }
    let repeated = Repeated::new(runs).ok_or_else(|| Failure::new("no network was trained"))?;
    repeated.show(task.screen);
    let median = file(out, repeated.median_seed);
    fs::copy(&median, out)
        .map_err(|error| Failure::new(format!("{} cannot be written: {error}", out.display())))?;
    task.screen.line(format_args!(
        "{} is {}, of the median validation accuracy",
        out.display(),
        median.display()
    ));
    for seed in first..=last {
        checkpoint::remove(&file(out, seed))?;
    }
    Ok(repeated)
}

/// `NAME-seed7.h5` for `NAME.h5`.
fn file(out: &Path, seed: u64) -> PathBuf {
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().display().to_string();
    let (stem, extension) = (part(out.file_stem()), part(out.extension()));
    out.with_file_name(format!("{stem}-seed{seed}.{extension}"))
}

impl Repeated {
    fn new(runs: Vec<Section>) -> Option<Self> {
        let val_accuracy = Spread::of(runs.iter().map(|run| run.val_accuracy))?;
        let test = runs.iter().filter_map(|run| run.test_accuracy);
        let median = runs
            .iter()
            .find(|run| run.val_accuracy == val_accuracy.median)?;
        Some(Repeated {
            val_accuracy,
            test_accuracy: Spread::of(test),
            median_seed: median.seed,
            runs,
        })
    }

    fn show(&self, screen: Screen) {
        let mut rows = table(&[
            Column::Text("seed"),
            Column::Number("epochs"),
            Column::Number("training loss"),
            Column::Number("validation loss"),
            Column::Number("validation accuracy"),
            Column::Number("test accuracy"),
        ]);
        let test = |accuracy: Option<f64>| accuracy.map_or(String::new(), percent);
        for run in &self.runs {
            rows.add_row([
                run.seed.to_string(),
                run.epochs.to_string(),
                format!("{:.4}", run.loss),
                format!("{:.4}", run.val_loss),
                percent(run.val_accuracy),
                test(run.test_accuracy),
            ]);
        }
        let mut summary = |name: &str, of: fn(Spread) -> f64| {
            let gap = String::new;
            let (validation, test) = (
                percent(of(self.val_accuracy)),
                test(self.test_accuracy.map(of)),
            );
            rows.add_row([name.to_owned(), gap(), gap(), gap(), validation, test]);
        };
        summary("least", |spread| spread.min);
        summary("median", |spread| spread.median);
        summary("most", |spread| spread.max);
        screen.line(rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_value_of_a_run() {
        let spread = |values: &[f64]| Spread::of(values.iter().copied());
        let (median, min, max) = (0.98, 0.97, 0.99);
        assert_eq!(
            spread(&[0.99, 0.97, 0.98]),
            Some(Spread { median, min, max })
        );
        let median = 0.97;
        assert_eq!(spread(&[0.99, 0.97]), Some(Spread { median, min, max }));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn a_seeds_file_lies_beside_the_model_file() {
        assert_eq!(file(Path::new("a/b.h5"), 7), Path::new("a/b-seed7.h5"));
    }
}
