//! Curves as text: one panel above the other, drawn with Braille dots.

use gannet_data::preview::Ink;

use super::{Curves, Panel};
use crate::braille::{ACROSS, DOWN, Dots, colored};
use crate::palette::{SGR_BLUE, SGR_VERMILION};

/// Lines of a panel, without title and axis.
const LINES: usize = 8;

/// Characters before the dots: a number and the axis.
const LEFT: usize = 10;

/// Characters behind the dots: the names of the lines.
const RIGHT: usize = 12;

/// What is drawn of a panel: values, name, colour.
type Series<'a> = (&'a [f64], &'static str, &'static str);

impl Curves {
    pub(super) fn panel_texts(&self, columns: usize, ink: Ink) -> String {
        let texts: Vec<String> = self
            .panels()
            .iter()
            .map(|panel| panel_text(panel, columns - LEFT - RIGHT, ink))
            .collect();
        texts.join("\n")
    }
}

fn panel_text(panel: &Panel, columns: usize, ink: Ink) -> String {
    let mut series: Vec<Series<'_>> = vec![(&panel.train, "training", SGR_BLUE)];
    if panel.is_validated() {
        series.push((&panel.validation, "validation", SGR_VERMILION));
    }
    let [low, high] = panel.range();
    let scale = Scale {
        epochs: panel.train.len(),
        dots: [columns * ACROSS, LINES * DOWN],
        range: [low, high],
    };
    let mut dots = Dots::new(columns, LINES);
    for (values, _, color) in &series {
        scale.draw(&mut dots, values, color);
    }
    let names = name_lines(&series, &scale);

    let best = panel
        .best()
        .map(|best| format!(": {}", panel.quantity.sentence(best)));
    let mut text = format!("{}{}\n", panel.quantity.title(), best.unwrap_or_default());
    for (line, drawn) in dots.lines(ink).enumerate() {
        let label = match line {
            0 => panel.quantity.label(high, high - low),
            l if l == LINES / 2 => panel.quantity.label((low + high) / 2.0, high - low),
            l if l == LINES - 1 => panel.quantity.label(low, high - low),
            _ => String::new(),
        };
        let mark = if label.is_empty() { '│' } else { '┤' };
        let name = names[line].map(|(_, name, color)| colored(name, color, ink));
        let line = format!(
            "{label:>width$} {mark}{drawn} {}",
            name.unwrap_or_default(),
            width = LEFT - 2
        );
        text += line.trim_end();
        text.push('\n');
    }
    text + &axis(scale.epochs, columns)
}

/// From epochs and values to dots.
struct Scale {
    epochs: usize,
    dots: [usize; 2],
    range: [f64; 2],
}

impl Scale {
    /// Neighbours that are finite are joined.
    fn draw(&self, dots: &mut Dots, values: &[f64], color: &'static str) {
        let mut before = None;
        for (place, &value) in values.iter().enumerate() {
            let here = value
                .is_finite()
                .then(|| [self.across(place), self.down(value)]);
            if let Some(here) = here {
                dots.line(before.unwrap_or(here), here, color);
            }
            before = here;
        }
    }

    fn across(&self, place: usize) -> usize {
        place * (self.dots[0] - 1) / (self.epochs - 1).max(1)
    }

    fn down(&self, value: f64) -> usize {
        let [low, high] = self.range;
        let last = self.dots[1] - 1;
        let share = ((high - value) / (high - low)).clamp(0.0, 1.0);
        (share * last as f64).round() as usize
    }
}

/// Which line's end each name stands beside. Two that end together stand one above the other, the
/// higher one above.
fn name_lines<'a>(series: &[Series<'a>], scale: &Scale) -> [Option<Series<'a>>; LINES] {
    let mut ends: Vec<(usize, Series<'a>)> = series
        .iter()
        .filter_map(|&series| {
            let last = series.0.iter().rfind(|value| value.is_finite())?;
            Some((scale.down(*last), series))
        })
        .collect();
    ends.sort_by_key(|&(down, _)| down);
    let mut lines = [None; LINES];
    let mut free = 0;
    let count = ends.len();
    for (place, (down, series)) in ends.into_iter().enumerate() {
        // Those that follow need a line each.
        let line = (down / DOWN).max(free).min(LINES - (count - place));
        lines[line] = Some(series);
        free = line + 1;
    }
    lines
}

/// The axis of the epochs: its line and its two ends.
fn axis(epochs: usize, columns: usize) -> String {
    let margin = " ".repeat(LEFT - 1);
    let ends = match epochs {
        0 => String::from("no epochs"),
        1 => String::from("epoch 1"),
        _ => format!(
            "1{:>width$}",
            format!("epoch {epochs}"),
            width = columns - 1
        ),
    };
    format!("{margin}└{}\n{margin} {ends}\n", "─".repeat(columns))
}
