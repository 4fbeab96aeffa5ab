//! Curves as text: eight dots a character (Unicode's Braille patterns, U+2800 to U+28FF).
//! In go lines between dots, out come lines of characters, each coloured by its series.

use gannet_data::preview::Ink;

use crate::palette::SGR_END;

/// Dots a character, across and down.
pub(crate) const ACROSS: usize = 2;
pub(crate) const DOWN: usize = 4;

/// The bit of a dot in its pattern, by row and column (Unicode 15, section 21.1).
const BITS: [[u8; ACROSS]; DOWN] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Dots in the making.
pub(crate) struct Dots {
    columns: usize,
    cells: Vec<Cell>,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    pattern: u8,
    /// Of the series that drew here last.
    color: &'static str,
}

impl Dots {
    pub(crate) fn new(columns: usize, lines: usize) -> Self {
        Self {
            columns,
            cells: vec![Cell::default(); columns * lines],
        }
    }

    /// A straight line between two dots `[across, down]`, both inside.
    pub(crate) fn line(&mut self, from: [usize; 2], to: [usize; 2], color: &'static str) {
        let between = |axis: usize, part: f64| {
            let (from, to) = (from[axis] as f64, to[axis] as f64);
            (from + (to - from) * part).round() as usize
        };
        let steps = from[0].abs_diff(to[0]).max(from[1].abs_diff(to[1])).max(1);
        for step in 0..=steps {
            let part = step as f64 / steps as f64;
            self.dot([between(0, part), between(1, part)], color);
        }
    }

    fn dot(&mut self, [across, down]: [usize; 2], color: &'static str) {
        let place = down / DOWN * self.columns + across / ACROSS;
        if let Some(cell) = self.cells.get_mut(place) {
            cell.pattern |= BITS[down % DOWN][across % ACROSS];
            cell.color = color;
        }
    }

    /// The lines from above, each as wide as the columns.
    pub(crate) fn lines(&self, ink: Ink) -> impl Iterator<Item = String> {
        self.cells.chunks(self.columns).map(move |cells| {
            let mut text = String::new();
            for cell in cells {
                match cell.pattern {
                    0 => text.push(' '),
                    pattern => text += &colored(pattern_char(pattern), cell.color, ink),
                }
            }
            text
        })
    }
}

fn pattern_char(pattern: u8) -> char {
    char::from_u32(0x2800 + u32::from(pattern)).unwrap_or(' ')
}

/// Something in a colour, where there are colours.
pub(crate) fn colored(text: impl std::fmt::Display, color: &str, ink: Ink) -> String {
    match ink {
        Ink::Ascii => text.to_string(),
        Ink::TrueColor | Ink::Grey256 => format!("{color}{text}{SGR_END}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagonal_by_hand() {
        // Dots (0,0) (1,1) (2,2) (3,3): bits 01 and 10 of the first character, 04 and 80 of the
        // second.
        let mut dots = Dots::new(3, 1);
        dots.line([0, 0], [3, 3], "");
        let lines: Vec<String> = dots.lines(Ink::Ascii).collect();
        assert_eq!(lines, ["\u{2811}\u{2884} "]);
    }
}
