//! The arguments of `gannet train`, and the project that they make together with its file.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

use clap::Args;
use gannet_project::{Project, Setting};
use gannet_train::Threads;

use crate::failure::Failure;
use crate::model::{self, PROJECT_FILE};
use crate::report::JsonArg;
use crate::screen::Screen;

/// What is trained where nothing is named and there is no project.
const DEFAULT_NETWORK: &str = "mnist-small";

/// Train a network and write it as a Keras model file.
///
/// A checkpoint is written after each epoch, and when Ctrl-C stops the training; --resume goes
/// on from there to the same bits. The exit code is then 130.
#[derive(Debug, Args)]
pub struct Train {
    /// A project: its gannet.toml, or its folder. The one in the present folder without it.
    #[arg(conflicts_with = "network")]
    project: Option<PathBuf>,
    /// No project, but a built-in network such as mnist-small, or a model file whose structure
    /// is taken.
    #[arg(long)]
    network: Option<String>,
    /// A value on top of the project's, such as recipe.epochs=5; can be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// `mnist`, or a folder with IDX files.
    #[arg(long)]
    data: Option<String>,
    /// What is validated on: `test`, or a number of training pictures that are taken out for
    /// it by chance (the same ones each time). The test set is then looked at once, at the end.
    #[arg(long, value_name = "N|test")]
    val: Option<String>,
    /// How often each picture is seen.
    #[arg(long)]
    epochs: Option<usize>,
    /// Pictures a step.
    #[arg(long)]
    batch: Option<usize>,
    /// Decides first weights and order; the same seed gives the same bits.
    #[arg(long)]
    seed: Option<u64>,
    /// Train that many networks with seeds one after another, and report median and range. Each
    /// is written as FILE-seedN.h5, and the one of the median validation accuracy as FILE.h5.
    #[arg(long, value_name = "N")]
    seeds: Option<NonZeroU64>,
    /// Threads; the result is the same with any number. All cores without it.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Go on from the checkpoint, if there is one, with the same arguments.
    #[arg(long)]
    pub resume: bool,
    /// The model file to write; NAME.h5 without it.
    #[arg(short, long, value_name = "FILE.h5")]
    out: Option<PathBuf>,
    /// Draw curves and first-layer filters into this folder, as SVG and PNG.
    #[arg(long, value_name = "DIR", conflicts_with = "seeds")]
    pub plots: Option<PathBuf>,
    #[command(flatten)]
    pub json: JsonArg,
}

impl Train {
    /// How many networks are trained.
    pub fn seeds(&self) -> u64 {
        self.seeds.map_or(1, NonZeroU64::get)
    }

    /// The threads.
    pub fn threads(&self) -> Threads {
        self.threads.map_or(Threads::All, Threads::Count)
    }

    /// The project that the file and the arguments make.
    pub fn project(&self, screen: Screen) -> Result<Project, Failure> {
        let mut settings: Vec<Setting> = self.set.iter().map(Setting::written).collect();
        settings.extend(self.settings());
        let here = Path::new(PROJECT_FILE);
        match (&self.project, &self.network) {
            (Some(path), _) => model::project(path, &settings),
            (None, None) if here.exists() => {
                screen.note(format_args!("the project in {PROJECT_FILE}"));
                model::project(here, &settings)
            }
            (None, network) => {
                let network = network.as_deref().unwrap_or(DEFAULT_NETWORK);
                settings.insert(0, Setting::text("--network", "network.model", network));
                Ok(Project::parse(
                    Path::new(""),
                    "",
                    &settings,
                    &model::boards(),
                )?)
            }
        }
    }

    /// What the arguments put in the place of the file's values.
    fn settings(&self) -> impl Iterator<Item = Setting> {
        let number = |argument: &str, key: &str, value: Option<u64>| {
            value.map(|value| Setting::value(format!("{argument} {value}"), key, value))
        };
        let data = self.data.as_ref();
        let data = data.map(|data| Setting::text(format!("--data {data}"), "data.set", data));
        let val = self.val.as_ref();
        [
            data,
            val.map(|val| Setting::value(format!("--val {val}"), "data.validation", val)),
            number("--epochs", "recipe.epochs", self.epochs.map(|n| n as u64)),
            number("--batch", "recipe.batch", self.batch.map(|n| n as u64)),
            number("--seed", "recipe.seed", self.seed),
        ]
        .into_iter()
        .flatten()
    }

    /// The model file. That it can be written is known before hours of training, as far as can
    /// be.
    pub fn out(&self, project: &Project) -> Result<PathBuf, Failure> {
        let out = match &self.out {
            Some(out) => out.clone(),
            None if Project::admits_name(&project.name) => {
                PathBuf::from(format!("{}.h5", project.name))
            }
            None => {
                return Err(Failure::usage(format!(
                    "no file can be named after the network '{}': name one with -o FILE.h5",
                    project.name
                )));
            }
        };
        let extension = out.extension().unwrap_or_default();
        let known: Vec<&str> = gannet_formats::FORMATS
            .iter()
            .flat_map(|format| format.extensions)
            .copied()
            .collect();
        if !known.iter().any(|known| extension == *known) {
            return Err(Failure::usage(format!(
                "{} names no format of model files: it has to end in .{}",
                out.display(),
                known.join(" or .")
            )));
        }
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            Some(folder) if !folder.is_dir() => Err(Failure::usage(format!(
                "{} cannot be written: there is no folder {}",
                out.display(),
                folder.display()
            ))),
            _ => Ok(out),
        }
    }
}
