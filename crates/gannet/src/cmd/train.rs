//! `gannet train`: from a network without weights to a model file.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use gannet_data::Dataset;
use gannet_graph::Graph;
use gannet_train::{Control, Epoch, Event, Recipe, Threads, Trained, fit};
use serde::Serialize;

use crate::draw::number::{percent, seconds};
use crate::failure::Failure;
use crate::model;
use crate::report::JsonArg;
use crate::screen::Screen;

/// Train a network and write it as a Keras model file.
#[derive(Debug, Args)]
pub struct Train {
    /// A built-in network such as mnist-small, or a model file whose structure is taken.
    #[arg(long, default_value = "mnist-small")]
    network: String,
    /// `mnist`, or a folder with IDX files.
    #[arg(long, default_value = "mnist")]
    data: String,
    /// How often each picture is seen.
    #[arg(long, default_value_t = Recipe::default().epochs)]
    epochs: usize,
    /// Pictures a step.
    #[arg(long, default_value_t = Recipe::default().batch)]
    batch: usize,
    /// Decides first weights and order; the same seed gives the same bits.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threads; the result is the same with any number. All cores without it.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// The model file to write; NETWORK.h5 without it.
    #[arg(short, long, value_name = "FILE.h5")]
    out: Option<PathBuf>,
    #[command(flatten)]
    json: JsonArg,
}

/// The report's section.
#[derive(Debug, Serialize)]
pub struct Section {
    epochs: usize,
    /// Wall time of training and validation.
    pub seconds: f64,
    /// Share of training pictures that were right in the last epoch.
    pub accuracy: f64,
    /// Loss in the last epoch.
    pub loss: f64,
    /// Share of validation pictures that are right after the last epoch.
    pub val_accuracy: f64,
    /// Loss on the validation pictures after the last epoch.
    pub val_loss: f64,
    seed: u64,
    history: Vec<Epoch>,
}

pub fn run(args: &Train) -> Result<(), Failure> {
    let screen = args.json.screen();
    let graph = model::structure(&args.network)?;
    let dataset = Dataset::open(&args.data)?;
    let recipe = Recipe {
        epochs: args.epochs,
        batch: args.batch,
        seed: args.seed,
        ..Recipe::default()
    };
    let threads = args.threads.map_or(Threads::All, Threads::Count);
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}.h5", graph.name())));
    let (trained, section) = train(graph, &dataset, &recipe, threads, screen)?;
    gannet_formats::write(&trained.graph, &out)?;
    screen.line(format_args!("written to {}", out.display()));
    args.json.write(&[("train", &section)])
}

/// Trains with a bar for each epoch and a line when it is done.
pub fn train(
    graph: Graph,
    dataset: &Dataset,
    recipe: &Recipe,
    threads: Threads,
    screen: Screen,
) -> Result<(Trained, Section), Failure> {
    let begin = Instant::now();
    let mut bar = None;
    let mut on_event = |event: Event<'_>| {
        match event {
            Event::Batch(batch) => {
                let bar = bar.get_or_insert_with(|| {
                    let template = "Epoch {prefix} {pos:>3}/{len} {bar:30} {eta} {msg}";
                    let bar = screen.bar(batch.batches, template);
                    bar.set_prefix(format!("{}/{}", batch.epoch, recipe.epochs));
                    bar
                });
                bar.set_position(batch.batch as u64);
                bar.set_message(format!(
                    "loss {:.4} accuracy {:.4}",
                    batch.loss, batch.accuracy
                ));
            }
            Event::Epoch(epoch) => {
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
                screen.line(format_args!(
                    "Epoch {:>2}/{} {:>6} - loss: {:.4} - accuracy: {:.4} - val_loss: {:.4} - val_accuracy: {:.4}",
                    epoch.epoch,
                    recipe.epochs,
                    seconds(epoch.seconds + epoch.val_seconds),
                    epoch.loss,
                    epoch.accuracy,
                    epoch.val_loss,
                    epoch.val_accuracy
                ));
            }
        }
        Control::Continue
    };
    let trained = fit(
        graph,
        dataset.train(),
        dataset.test(),
        recipe,
        threads,
        &mut on_event,
    )?;
    let last = trained
        .history
        .last()
        .ok_or_else(|| Failure::new("no epoch was trained"))?;
    let section = Section {
        epochs: trained.history.len(),
        seconds: begin.elapsed().as_secs_f64(),
        accuracy: last.accuracy,
        loss: last.loss,
        val_accuracy: last.val_accuracy,
        val_loss: last.val_loss,
        seed: recipe.seed,
        history: trained.history.clone(),
    };
    screen.line(format_args!(
        "trained in {}: {} of the training pictures, {} of the validation pictures are right",
        seconds(section.seconds),
        percent(section.accuracy),
        percent(section.val_accuracy)
    ));
    Ok((trained, section))
}
