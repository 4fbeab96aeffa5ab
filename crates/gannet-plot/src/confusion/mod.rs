//! What was taken for what: a matrix of counts, right decisions in blue, mistakes in vermilion.
//! In go counts and names, out comes a [`Picture`](crate::Picture).

mod chart;
mod text;

use crate::caption::{self, count, percent};

/// The most classes that are drawn.
const CLASSES: usize = 256;

/// A confusion matrix: rows are what the images show, columns what they were taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionPlot {
    /// Square.
    matrix: Vec<Vec<usize>>,
    names: Vec<String>,
}

impl ConfusionPlot {
    /// A plot of `matrix[truth][decision]`. Counts that rows lack are 0, names that are missing
    /// are the classes' numbers.
    pub fn new(matrix: &[Vec<usize>], names: &[String]) -> Self {
        let longest = matrix.iter().map(Vec::len).max().unwrap_or(0);
        let classes = longest.max(matrix.len());
        let at = |truth: usize, decision: usize| {
            let row = matrix.get(truth);
            row.and_then(|row| row.get(decision)).copied().unwrap_or(0)
        };
        let row = |truth| (0..classes).map(|decision| at(truth, decision)).collect();
        let name = |class: usize| {
            let name = names.get(class).map(|name| caption::name(name));
            name.unwrap_or_else(|| class.to_string())
        };
        Self {
            matrix: (0..classes).map(row).collect(),
            names: (0..classes).map(name).collect(),
        }
    }

    fn images(&self) -> usize {
        self.matrix.iter().flatten().sum()
    }

    fn right(&self) -> usize {
        self.matrix
            .iter()
            .enumerate()
            .map(|(class, row)| row[class])
            .sum()
    }

    /// Classes that are drawn.
    fn shown(&self) -> usize {
        self.matrix.len().min(CLASSES)
    }

    /// Counts off the diagonal: truth, decision, how often; the most frequent first.
    fn mistakes(&self) -> Vec<(usize, usize, usize)> {
        let rows = self.matrix.iter().enumerate();
        let cells = rows.flat_map(|(truth, row)| {
            row.iter()
                .enumerate()
                .map(move |(decision, &n)| (truth, decision, n))
        });
        let mut mistakes: Vec<_> = cells
            .filter(|&(truth, decision, n)| truth != decision && n > 0)
            .collect();
        mistakes.sort_by_key(|&(truth, decision, n)| (std::cmp::Reverse(n), truth, decision));
        mistakes
    }

    fn subtitle(&self) -> String {
        let (images, right) = (self.images(), self.right());
        let mut text = match images {
            0 => String::from("nothing was scored"),
            _ => format!(
                "{} of {} right ({})",
                count(right),
                caption::counted(images, "image"),
                percent(right as f64 / images as f64)
            ),
        };
        if self.matrix.len() > CLASSES {
            text += &format!("; the first {CLASSES} of {} classes", self.matrix.len());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|class| format!("c{class}")).collect()
    }

    #[test]
    fn ragged_counts_and_missing_names_are_filled_up() {
        let plot = ConfusionPlot::new(&[vec![1], vec![0, 2, 5]], &names(1));
        assert_eq!(plot.matrix, [[1, 0, 0], [0, 2, 5], [0, 0, 0]]);
        assert_eq!(plot.names, ["c0", "1", "2"]);
        assert_eq!((plot.images(), plot.right()), (8, 3));
    }
}
