//! `gannet train`: from a network without weights to a model file.

mod arguments;
mod checkpoint;
mod interrupt;
mod progress;
mod repeat;
mod report;
mod run;

pub use arguments::Train;
pub use report::Section;

use std::path::Path;

use gannet_data::{Dataset, Split};
use gannet_graph::Graph;
use gannet_project::{Data, Validation};
use gannet_train::{Recipe, Threads, Trained};

use crate::draw::plots;
use crate::failure::Failure;
use crate::screen::Screen;
use run::Task;

pub fn run(args: &Train) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let project = args.project(screen)?;
    let out = args.out(&project)?;
    let parts = Parts::open(&project.data)?;
    let task = Task {
        graph: &project.graph,
        train: parts.train(),
        validation: parts.validation(),
        test: parts.test(),
        recipe: project.recipe.clone(),
        teachers: &project.teachers,
        threads: args.threads(),
        screen,
    };
    interrupt::listen()?;
    if args.seeds() > 1 {
        let section = repeat::run(&task, args.seeds(), &out, args.resume)?;
        return args.json.write(&[("train", &section)]);
    }
    let (trained, section) = train_file(&task, &out, args.resume)?;
    checkpoint::remove(&out)?;
    screen.line(plots::text(&plots::curves(&trained.history)));
    if let Some(folder) = &args.plots {
        plots::write_training_plots(folder, &trained.history, &trained.graph)?;
        screen.line(format_args!("pictures in {}", folder.display()));
    }
    args.json.write(&[("train", &section)])
}

/// Trains and writes the model file. The checkpoint stays until the caller has no use for it.
fn train_file(task: &Task<'_>, out: &Path, resume: bool) -> Result<(Trained, Section), Failure> {
    let saved = checkpoint::begin(out, resume, task)?;
    let (trained, section) = run::train(task, saved, Some(&checkpoint::path(out)))?;
    gannet_formats::write(&trained.graph, out)?;
    task.screen
        .line(format_args!("written to {}", out.display()));
    Ok((trained, section))
}

/// Trains on the training set and validates on the test set; nothing is written.
pub fn train(
    graph: Graph,
    dataset: &Dataset,
    recipe: &Recipe,
    threads: Threads,
    screen: Screen,
) -> Result<(Trained, Section), Failure> {
    let task = Task {
        graph: &graph,
        train: dataset.train(),
        validation: dataset.test(),
        test: None,
        recipe: recipe.clone(),
        teachers: &[],
        threads,
        screen,
    };
    run::train(&task, None, None)
}

/// A data set by what its pictures are for.
struct Parts {
    dataset: Dataset,
    /// What is left of the training pictures, and those that were taken out for validation.
    parted: Option<(Split, Split)>,
}

impl Parts {
    fn open(data: &Data) -> Result<Self, Failure> {
        let dataset = Dataset::open(&data.set)?;
        let parted = match data.validation {
            Validation::Test => None,
            Validation::TakenOut(count) => Some(dataset.train().take_out(count, data.seed)?),
        };
        Ok(Parts { dataset, parted })
    }

    fn train(&self) -> &Split {
        self.parted
            .as_ref()
            .map_or(self.dataset.train(), |(train, _)| train)
    }

    fn validation(&self) -> &Split {
        self.parted
            .as_ref()
            .map_or(self.dataset.test(), |(_, taken)| taken)
    }

    /// What is looked at once, at the end; nothing if it was looked at all the time.
    fn test(&self) -> Option<&Split> {
        self.parted.as_ref().map(|_| self.dataset.test())
    }
}
