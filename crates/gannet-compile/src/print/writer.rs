//! Lines of source text with indentation.

use std::fmt::Write;

use crate::ir::{Affine, Program};

/// Collects lines.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    /// One line at the present depth.
    pub(super) fn line(&mut self, line: impl std::fmt::Display) {
        let indent = 4 * self.depth;
        writeln!(self.text, "{:indent$}{line}", "").expect("writing to a string succeeds");
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// `head {`, what `body` writes one level deeper, `}`.
    pub(super) fn braces(&mut self, head: impl std::fmt::Display, body: impl FnOnce(&mut Self)) {
        self.block(format_args!("{head} {{"), "}", body);
    }

    /// The line `open`, what `body` writes one level deeper, the line `close`.
    pub(super) fn block(
        &mut self,
        open: impl std::fmt::Display,
        close: &str,
        body: impl FnOnce(&mut Self),
    ) {
        self.line(open);
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line(close);
    }

    /// `items` between commas, as many to a line as fit into 100 columns.
    pub(super) fn list(&mut self, items: impl Iterator<Item = String>) {
        self.depth += 1;
        let width = 100 - 4 * self.depth;
        let mut line = String::new();
        for item in items {
            if !line.is_empty() && line.len() + item.len() + 2 > width {
                self.line(line.trim_end());
                line.clear();
            }
            line.push_str(&item);
            line.push_str(", ");
        }
        if !line.is_empty() {
            self.line(line.trim_end());
        }
        self.depth -= 1;
    }

    /// All that was written.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// An affine expression as both languages write it: `8 * y + x - 2`.
pub(super) fn affine(program: &Program, expression: &Affine) -> String {
    let mut text = String::new();
    let mut term = |value: i64, factor: Option<&str>| {
        let sign = match (text.is_empty(), value < 0) {
            (true, false) => "",
            (true, true) => "-",
            (false, false) => " + ",
            (false, true) => " - ",
        };
        let magnitude = value.unsigned_abs();
        text.push_str(sign);
        match factor {
            None => text.push_str(&magnitude.to_string()),
            Some(name) if magnitude == 1 => text.push_str(name),
            Some(name) => text.push_str(&format!("{magnitude} * {name}")),
        }
    };
    for &(variable, coefficient) in expression.terms() {
        term(coefficient, Some(program.variable_name(variable)));
    }
    if expression.constant() != 0 || expression.terms().is_empty() {
        term(expression.constant(), None);
    }
    text
}
