//! A confusion matrix as text: a table, or where that has no room a list of the mistakes.

use gannet_data::preview::Ink;

use super::ConfusionPlot;
use crate::braille::colored;
use crate::palette::{SGR_BLUE, SGR_DIM, SGR_VERMILION};

/// How many mistakes are listed where the matrix has no room.
const LISTED: usize = 10;

impl ConfusionPlot {
    pub(super) fn table_or_list(&self, columns: usize, ink: Ink) -> String {
        self.table(columns, ink).unwrap_or_else(|| self.list(ink))
    }

    /// The matrix as a table, or nothing when it is wider than `columns`.
    fn table(&self, columns: usize, ink: Ink) -> Option<String> {
        let head = "shown \\ taken for";
        let chars = |text: &str| text.chars().count();
        let digits = |n: usize| if n == 0 { 1 } else { n.to_string().len() };
        let first = self
            .names
            .iter()
            .map(|name| chars(name))
            .fold(chars(head), usize::max);
        let widths: Vec<usize> = (0..self.matrix.len())
            .map(|column| {
                let counts = self.matrix.iter().map(|row| digits(row[column]));
                counts.fold(chars(&self.names[column]), usize::max)
            })
            .collect();
        let width = first + 2 + widths.iter().map(|width| width + 2).sum::<usize>();
        if width > columns {
            return None;
        }

        let rule = "─".repeat(width) + "\n";
        let line = |name: &str, cells: String| {
            format!(" {name:<first$} {cells}").trim_end().to_owned() + "\n"
        };
        let padded = |text: &str, width: usize| format!(" {text:>width$} ");
        let names = self
            .names
            .iter()
            .zip(&widths)
            .map(|(name, &width)| padded(name, width));
        let mut text = rule.clone() + &line(head, names.collect()) + &rule;
        for (truth, row) in self.matrix.iter().enumerate() {
            let cells = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(decision, (&n, &width))| {
                    let cell = |text: &str| padded(text, width);
                    match n {
                        0 => colored(cell("·"), SGR_DIM, ink),
                        n if truth == decision => colored(cell(&n.to_string()), SGR_BLUE, ink),
                        n => colored(cell(&n.to_string()), SGR_VERMILION, ink),
                    }
                });
            text += &line(&self.names[truth], cells.collect());
        }
        Some(text + &rule)
    }

    /// The most frequent mistakes, for a matrix that has no room.
    fn list(&self, ink: Ink) -> String {
        let mistakes = self.mistakes();
        let mut text = format!(
            "{} classes; {}\n",
            self.matrix.len(),
            match mistakes.len() {
                0 => String::from("no mistakes"),
                n if n > LISTED => format!("the {LISTED} most frequent of {n} kinds of mistakes:"),
                _ => String::from("the mistakes, the most frequent first:"),
            }
        );
        for &(truth, decision, n) in mistakes.iter().take(LISTED) {
            let times = colored(format_args!("{n:>6}"), SGR_VERMILION, ink);
            let (truth, decision) = (&self.names[truth], &self.names[decision]);
            text += &format!("{times} × {truth} taken for {decision}\n");
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
    fn a_small_matrix_is_a_table() {
        let plot = ConfusionPlot::new(&[vec![12, 0], vec![3, 1040]], &names(2));
        let expected = "\
            ─────────────────────────────\n \
             shown \\ taken for  c0    c1\n\
            ─────────────────────────────\n \
             c0                 12     ·\n \
             c1                  3  1040\n\
            ─────────────────────────────\n";
        assert_eq!(plot.table_or_list(80, Ink::Ascii), expected);
    }

    #[test]
    fn what_is_too_wide_becomes_a_list() {
        let mut matrix = vec![vec![0; 100]; 100];
        (matrix[7][8], matrix[99][0], matrix[5][5]) = (2, 31, 9);
        let text = ConfusionPlot::new(&matrix, &names(100)).table_or_list(80, Ink::Ascii);
        assert_eq!(
            text,
            "100 classes; the mistakes, the most frequent first:\n    \
             31 × c99 taken for c0\n     \
             2 × c7 taken for c8\n"
        );
    }
}
