//! `gannet eval`: how well a network does on a data set.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use gannet_compile::{Interpreter, compile};
use gannet_data::score::{ScoredImage, Scorer, WORST_KEPT};
use gannet_data::{Dataset, Score, Split, SplitName};
use gannet_formats::Model;
use gannet_graph::Graph;

use crate::cmd::data::SplitArg;
use crate::cmd::generate::InputArg;
use crate::draw::confusion::confusion;
use crate::draw::number::{count, percent};
use crate::draw::plots;
use crate::draw::table::pairs;
use crate::failure::Failure;
use crate::integers;
use crate::model;
use crate::report::JsonArg;
use crate::screen::Screen;

/// Accuracy, errors, confusion matrix and worst pictures of a network on a data set.
#[derive(Debug, Args)]
pub struct Eval {
    /// A model file, of real numbers or of integers.
    model: String,
    /// `mnist`, or a folder with IDX files.
    #[arg(long, default_value = "mnist")]
    data: String,
    /// Which part of the data set.
    #[arg(long, value_enum, default_value = "test")]
    split: SplitArg,
    /// How many pictures, from the first on; all without it.
    #[arg(long)]
    images: Option<NonZeroUsize>,
    /// Show the N pictures with the largest errors, at most 100.
    #[arg(long, value_name = "N", default_value_t = 0)]
    worst: usize,
    /// Write confusion matrix, worst pictures and first filters to DIR, as SVG and PNG.
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    #[command(flatten)]
    json: JsonArg,
}

pub fn run(args: &Eval) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let network = model::trained_any(&args.model)?;
    let dataset = Dataset::open(&args.data)?;
    let split = dataset.split(SplitName::from(args.split));
    let images = args
        .images
        .map_or(split.len(), |images| images.get().min(split.len()));
    let outputs = match &network {
        Model::Float(graph) => outputs_on_host(graph, split, images)?,
        Model::Quantized(graph) => integers::outputs(graph, split, images)?,
    };
    let (score, scored) = score(&outputs, split)?;
    show(&score, dataset.classes().names(), screen);

    let classes = dataset.classes();
    let worst = |count: usize| plots::gallery(split, classes, &scored[..count.min(scored.len())]);
    if args.worst > 0 {
        screen.gap();
        screen.line(plots::text(&worst(args.worst)));
    }
    if let Some(dir) = &args.plots {
        let worst = worst(args.worst.max(WORST_KEPT));
        plots::write_evaluation_plots(dir, &score, classes, &worst)?;
        if let Model::Float(graph) = &network {
            plots::write_filters(dir, graph)?;
        }
        screen.note(format_args!("pictures written to {}", dir.display()));
    }
    args.json.write(&[("eval", &score)])
}

/// What the network gives for the first `images` of `split`: the bits that a device gives.
pub fn outputs_on_host(
    graph: &Graph,
    split: &Split,
    images: usize,
) -> Result<Vec<Vec<f32>>, Failure> {
    let program = compile(graph, &InputArg::U8.options())?;
    model::suits(&program, split)?;
    let pixels: Vec<&[u8]> = split
        .iter()
        .take(images)
        .map(|sample| sample.image.pixels())
        .collect();
    let outputs = Interpreter::new(&program).run_all(&pixels);
    Ok(outputs
        .iter()
        .map(|bytes| gannet_compile::floats(bytes))
        .collect())
}

/// The share of pictures that the network decides rightly.
pub fn top1(graph: &Graph, split: &Split) -> Result<f64, Failure> {
    let outputs = outputs_on_host(graph, split, split.len())?;
    let outputs = outputs.iter().map(Vec::as_slice);
    let labels = split.labels().iter().copied();
    Ok(Score::of(split.class_count(), outputs.zip(labels))?.top1)
}

/// The score, and each picture's part in it, the largest error first.
fn score(outputs: &[Vec<f32>], split: &Split) -> Result<(Score, Vec<ScoredImage>), Failure> {
    let mut scorer = Scorer::new(outputs.first().map_or(0, Vec::len));
    let mut scored = outputs
        .iter()
        .zip(split.labels())
        .map(|(output, &label)| scorer.add(output, label))
        .collect::<Result<Vec<ScoredImage>, _>>()?;
    scored.sort_by(|a, b| b.abs_error.total_cmp(&a.abs_error));
    Ok((scorer.finish()?, scored))
}

/// Draws a score.
pub fn show(score: &Score, classes: &[String], screen: Screen) {
    screen.line(pairs([
        ("pictures".to_owned(), count(score.images as u64)),
        ("top-1 accuracy".to_owned(), percent(score.top1)),
        (
            "element accuracy (threshold 0.5)".to_owned(),
            format!("{:.4}", score.element_accuracy),
        ),
        (
            "mean absolute error a picture".to_owned(),
            format!("{:.6}", score.mean_abs_error),
        ),
    ]));
    screen.line(confusion(&score.confusion, classes));
    let worst: Vec<String> = score
        .worst
        .iter()
        .map(|image| {
            format!(
                "{} ({} taken for {})",
                image.index, image.label, image.decision
            )
        })
        .collect();
    screen.line(format_args!("largest errors: {}", worst.join(", ")));
}
