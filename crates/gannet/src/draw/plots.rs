//! Pictures: as files in a folder, and as text for the terminal.

use std::fs;
use std::path::Path;

use gannet_data::score::ScoredImage;
use gannet_data::{Classes, Score, Split};
use gannet_graph::Graph;
use gannet_plot::{ConfusionPlot, Curves, EpochPoint, Filters, Gallery, Picture};
use gannet_train::Epoch;

use crate::failure::Failure;
use crate::screen;

/// Writes what a training leaves to look at: `curves` and, when the network has a convolution,
/// `filters`, each as SVG and PNG.
pub fn write_training_plots(dir: &Path, history: &[Epoch], graph: &Graph) -> Result<(), Failure> {
    write(dir, "curves", &curves(history))?;
    write_filters(dir, graph)
}

/// Writes what an evaluation leaves to look at: `confusion`, `worst` and, when the network has a
/// convolution, `filters`, each as SVG and PNG.
pub fn write_evaluation_plots(
    dir: &Path,
    score: &Score,
    classes: &Classes,
    worst: &Gallery<'_>,
) -> Result<(), Failure> {
    let confusion = ConfusionPlot::new(&score.confusion, classes.names());
    write(dir, "confusion", &confusion)?;
    write(dir, "worst", worst)
}

/// The pictures of a list that a split has.
pub fn gallery<'a>(split: &'a Split, classes: &Classes, scored: &[ScoredImage]) -> Gallery<'a> {
    Gallery::of_scored(split, classes, scored)
}

/// A picture as the terminal can show it.
pub fn text(picture: &impl Picture) -> String {
    let text = picture.to_text(screen::columns(), screen::ink());
    text.trim_end_matches('\n').to_owned()
}

/// Loss and accuracy of a training.
pub fn curves(history: &[Epoch]) -> Curves {
    let points: Vec<EpochPoint> = history
        .iter()
        .map(|epoch| EpochPoint {
            loss: epoch.loss,
            accuracy: epoch.accuracy,
            val_loss: epoch.val_loss,
            val_accuracy: epoch.val_accuracy,
        })
        .collect();
    Curves::new(&points)
}

/// The filters of the first convolution.
pub fn write_filters(dir: &Path, graph: &Graph) -> Result<(), Failure> {
    match Filters::of_first_convolution(graph) {
        Some(filters) => write(dir, "filters", &filters),
        None => Ok(()),
    }
}

/// Writes `NAME.svg` and `NAME.png`; makes the folder if it is missing.
fn write(dir: &Path, name: &str, picture: &impl Picture) -> Result<(), Failure> {
    let failed = |path: &Path, error: std::io::Error| {
        let path = path.display();
        Failure::new(format!("the pictures cannot be written to {path}: {error}"))
    };
    fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
    let files = [
        ("svg", picture.to_svg()?.into_bytes()),
        ("png", picture.to_png()?),
    ];
    for (kind, bytes) in files {
        let path = dir.join(format!("{name}.{kind}"));
        fs::write(&path, bytes).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}
