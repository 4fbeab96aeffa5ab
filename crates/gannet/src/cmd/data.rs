//! `gannet data show|stats`: look at a data set.

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use gannet_data::preview::Sheet;
use gannet_data::{Dataset, SplitName, SplitStats};
use serde::Serialize;

use crate::draw::number::{count, percent};
use crate::draw::table::{Column, table};
use crate::failure::Failure;
use crate::report::JsonArg;
use crate::screen::{self, Screen};

/// Look at a data set.
#[derive(Debug, Subcommand)]
pub enum Data {
    /// Show pictures with their labels.
    Show(Show),
    /// Count, shape and statistics of a data set.
    Stats(Stats),
}

/// The pictures to show.
#[derive(Debug, Args)]
pub struct Show {
    /// `mnist`, or a folder with IDX files.
    #[arg(default_value = "mnist")]
    dataset: String,
    /// Which part of the data set.
    #[arg(long, value_enum, default_value = "train")]
    split: SplitArg,
    /// The first picture, from 0.
    #[arg(long, default_value_t = 0)]
    first: usize,
    /// How many pictures.
    #[arg(long, default_value_t = 9)]
    count: usize,
    /// Pictures in a row.
    #[arg(long, default_value = "3")]
    columns: NonZeroUsize,
    /// Write the sheet as PNG.
    #[arg(long, value_name = "FILE.png")]
    out: Option<PathBuf>,
    /// Pixels of the PNG for one pixel of a picture.
    #[arg(long, default_value = "4")]
    scale: NonZeroUsize,
}

/// The data set to count.
#[derive(Debug, Args)]
pub struct Stats {
    /// `mnist`, or a folder with IDX files.
    #[arg(default_value = "mnist")]
    dataset: String,
    #[command(flatten)]
    json: JsonArg,
}

/// A part of a data set.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SplitArg {
    /// What networks are trained on.
    Train,
    /// What they are measured on.
    Test,
}

impl From<SplitArg> for SplitName {
    fn from(split: SplitArg) -> Self {
        match split {
            SplitArg::Train => SplitName::Train,
            SplitArg::Test => SplitName::Test,
        }
    }
}

pub fn run(command: Data) -> Result<(), Failure> {
    match command {
        Data::Show(args) => show(&args),
        Data::Stats(args) => stats(&args),
    }
}

fn show(args: &Show) -> Result<(), Failure> {
    let dataset = Dataset::open(&args.dataset)?;
    let range = args.first..args.first.saturating_add(args.count);
    let sheet = Sheet::of_split(&dataset, args.split.into(), range, args.columns);
    if let Some(path) = &args.out {
        let png = sheet.to_png(args.scale)?;
        fs::write(path, png).map_err(|error| {
            Failure::new(format!(
                "the sheet cannot be written to {}: {error}",
                path.display()
            ))
        })?;
    }
    Screen::LIT.line(sheet.to_text(screen::ink()).trim_end_matches('\n'));
    if let Some(path) = &args.out {
        Screen::LIT.note(format_args!("written to {}", path.display()));
    }
    Ok(())
}

#[derive(Serialize)]
struct Section {
    train: SplitStats,
    test: SplitStats,
}

fn stats(args: &Stats) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let dataset = Dataset::open(&args.dataset)?;
    let section = Section {
        train: SplitStats::of(dataset.train()),
        test: SplitStats::of(dataset.test()),
    };

    screen.line(format_args!(
        "{}: pictures of {}",
        dataset.name(),
        dataset.shape()
    ));
    let parts = [("train", &section.train), ("test", &section.test)];
    show_parts(&parts, screen);
    let mut of_classes = table(&[
        Column::Text("class"),
        Column::Number("train"),
        Column::Number("test"),
    ]);
    for (i, name) in dataset.classes().names().iter().enumerate() {
        let of = |stats: &SplitStats| count(stats.per_class[i] as u64);
        of_classes.add_row([name.clone(), of(&section.train), of(&section.test)]);
    }
    screen.line(of_classes);
    args.json.write(&[("data", &section)])
}

/// Draws the statistics of each part of a data set.
pub fn show_parts(parts: &[(&str, &SplitStats)], screen: Screen) {
    let mut rows = table(&[
        Column::Text("part"),
        Column::Number("pictures"),
        Column::Text("shape"),
        Column::Number("least"),
        Column::Number("greatest"),
        Column::Number("mean"),
        Column::Number("deviation"),
        Column::Number("zero pixels"),
    ]);
    for (name, stats) in parts {
        rows.add_row([
            (*name).to_owned(),
            count(stats.images as u64),
            stats.shape.map(|extent| extent.to_string()).join("×"),
            stats.min.to_string(),
            stats.max.to_string(),
            format!("{:.4}", stats.mean),
            format!("{:.4}", stats.std),
            percent(stats.zero_share),
        ]);
    }
    screen.line(rows);
}
