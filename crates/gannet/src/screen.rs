//! What a command shows while and after it works: lines, tables and progress bars.
//!
//! With `--json -` standard output belongs to the report: the screen then stays dark.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use gannet_data::preview::Ink;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Where a command draws.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    dark: bool,
}

impl Screen {
    /// A screen on standard output.
    pub const LIT: Screen = Screen { dark: false };

    /// A screen that shows nothing.
    pub const DARK: Screen = Screen { dark: true };

    /// Shows a line.
    pub fn line(self, line: impl Display) {
        if !self.dark {
            put(format_args!("{line}\n"));
        }
    }

    /// Shows an empty line.
    pub fn gap(self) {
        self.line("");
    }

    /// Shows a line that is none of the results: what is being done.
    pub fn note(self, line: impl Display) {
        self.line(format_args!("\x1b[2m{line}\x1b[0m"));
    }

    /// A bar over `length` steps, drawn on a terminal only.
    pub fn bar(self, length: usize, template: &str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(length as u64), self.target());
        let style = ProgressStyle::with_template(template).expect("the template is well formed");
        bar.set_style(style.progress_chars("━╸─"));
        bar
    }

    /// A turning mark beside what is being done, drawn on a terminal only.
    pub fn spinner(self, doing: &str) -> ProgressBar {
        let spinner = self.bar(0, "{spinner} {msg} {elapsed}");
        spinner.set_message(doing.to_owned());
        spinner.enable_steady_tick(Duration::from_millis(120));
        spinner
    }

    fn target(self) -> ProgressDrawTarget {
        if self.dark || !io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        }
    }
}

/// The finest way of drawing that the terminal is known to have.
pub fn ink() -> Ink {
    let says = |name: &str| std::env::var(name).unwrap_or_default();
    if !io::stdout().is_terminal() || !says("NO_COLOR").is_empty() || says("TERM") == "dumb" {
        Ink::Ascii
    } else if ["truecolor", "24bit"].contains(&says("COLORTERM").as_str()) {
        Ink::TrueColor
    } else {
        Ink::Grey256
    }
}

/// Characters a line of the terminal; without one, of what is commonly read.
pub fn columns() -> usize {
    let size = console::Term::stdout().size_checked();
    size.map_or(100, |(_, columns)| usize::from(columns))
}

/// Writes to standard output; a reader that has gone away ends the program quietly.
pub fn put(text: impl Display) {
    let mut out = anstream::stdout().lock();
    if write!(out, "{text}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}
