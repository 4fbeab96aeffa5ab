//! A confusion matrix: rows are what the pictures show, columns what they were taken for.

use gannet_plot::ConfusionPlot;

use super::plots::text;

/// The matrix, its empty cells as dots so that the mistakes stand out; where it has no room, the
/// most frequent mistakes.
pub fn confusion(matrix: &[Vec<usize>], names: &[String]) -> String {
    text(&ConfusionPlot::new(matrix, names))
}
