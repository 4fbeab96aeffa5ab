//! A sheet as text for a terminal: two rows of pixels in one line of characters.
//! In go a sheet and the ink that the terminal has, out comes text that ends every line in the
//! terminal's own colours. Colour sequences are ECMA-48's SGR (`ESC [ … m`).

use super::{Cell, Sheet};
use crate::Image;

/// What a terminal can draw with. Which one it has is the caller's to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// 24-bit colours, half blocks.
    TrueColor,
    /// The grey ramp of the 256-colour palette, half blocks.
    Grey256,
    /// Plain characters from blank to dense: no colours, brighter is denser.
    Ascii,
}

/// Between two cells of a row.
const GAP: &str = "  ";

/// From dark to bright.
const SHADES: &[u8; 10] = b" .:-=+*#%@";

impl Sheet<'_> {
    /// Draws the sheet: a line of captions above each row of images, a blank line between rows.
    /// A cell is as wide as its image has pixels (or as its caption), and half as many lines high.
    pub fn to_text(&self, ink: Ink) -> String {
        let width = self.widest(|cell| cell.image().shape().width().max(cell.caption_chars()));
        let rows: Vec<String> = self.rows().map(|row| row_text(row, width, ink)).collect();
        rows.join("\n")
    }
}

fn row_text(row: &[Cell<'_>], width: usize, ink: Ink) -> String {
    let captions: Vec<String> = row
        .iter()
        .map(|cell| format!("{:<width$}", cell.caption()))
        .collect();
    let mut text = captions.join(GAP).trim_end().to_string() + "\n";

    let height = row
        .iter()
        .map(|cell| cell.image().shape().height())
        .max()
        .unwrap_or(0);
    for line in 0..height.div_ceil(2) {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| image_line(cell.image(), line, width, ink))
            .collect();
        text += cells.join(GAP).trim_end();
        text.push('\n');
    }
    text
}

/// The pixel rows `2 * line` and `2 * line + 1` of an image, padded to `width` characters.
fn image_line(image: Image<'_>, line: usize, width: usize, ink: Ink) -> String {
    let shape = image.shape();
    if 2 * line >= shape.height() {
        return " ".repeat(width);
    }
    let has_lower = 2 * line + 1 < shape.height();
    let columns = (0..shape.width()).map(|column| {
        let lower = has_lower.then(|| image.rgb(2 * line + 1, column));
        (image.rgb(2 * line, column), lower)
    });
    let drawn = match ink {
        Ink::Ascii => columns.map(|(upper, lower)| shade(upper, lower)).collect(),
        Ink::TrueColor => half_blocks(columns, |[r, g, b]| format!("2;{r};{g};{b}")),
        Ink::Grey256 => half_blocks(columns, |rgb| format!("5;{}", grey_index(luma(rgb)))),
    };
    drawn + &" ".repeat(width - shape.width())
}

/// Upper half blocks: the foreground is the upper pixel, the background the lower one. A colour is
/// written only where it changes.
fn half_blocks(
    columns: impl Iterator<Item = ([u8; 3], Option<[u8; 3]>)>,
    colour: impl Fn([u8; 3]) -> String,
) -> String {
    let mut text = String::new();
    let mut current = None;
    for pair in columns {
        if current != Some(pair) {
            let background = match pair.1 {
                Some(lower) => format!("48;{}", colour(lower)),
                None => String::from("49"), // the terminal's own
            };
            text += &format!("\x1b[38;{};{background}m", colour(pair.0));
            current = Some(pair);
        }
        text.push('▀');
    }
    text + "\x1b[0m"
}

fn shade(upper: [u8; 3], lower: Option<[u8; 3]>) -> char {
    let level = (u16::from(luma(upper)) + u16::from(lower.map_or(0, luma))) / 2;
    let index = usize::from(level) * (SHADES.len() - 1);
    char::from(SHADES[(index + 127) / 255])
}

/// Brightness by the weights of ITU-R BT.601, 0 to 255.
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    ((sum + 500) / 1000) as u8
}

/// The nearest grey of xterm's palette: 16 is black, 231 white, 232 to 255 are 8, 18, … 238.
fn grey_index(level: u8) -> u8 {
    match level {
        0..=3 => 16,
        247..=255 => 231,
        _ => 232 + (level.saturating_sub(3) / 10).min(23),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::ImageShape;

    fn sheet<'a>(pixels: &'a [u8], height: usize, captions: &[&str]) -> Sheet<'a> {
        let shape = ImageShape::new(height, pixels.len() / height, 1).unwrap();
        let image = Image::new(shape, pixels).unwrap();
        let cells = captions
            .iter()
            .map(|caption| Cell::new(image, caption))
            .collect();
        Sheet::new(NonZeroUsize::new(2).unwrap(), cells)
    }

    #[test]
    fn plain_characters_grow_denser_with_brightness() {
        // Rows 0 0 255 and 0 255 255: the pairs' means are 0, 127 and 255.
        let drawn = sheet(&[0, 0, 255, 0, 255, 255], 2, &["one", "two", "4"]).to_text(Ink::Ascii);
        assert_eq!(drawn, "one  two\n =@   =@\n\n4\n =@\n");
    }

    #[test]
    fn a_half_block_carries_two_pixels_and_repeats_no_colour() {
        let drawn = sheet(&[1, 1, 9, 9], 2, &["x"]).to_text(Ink::TrueColor);
        assert_eq!(drawn, "x\n\x1b[38;2;1;1;1;48;2;9;9;9m▀▀\x1b[0m\n");
        let odd = sheet(&[255], 1, &["x"]).to_text(Ink::Grey256);
        assert_eq!(odd, "x\n\x1b[38;5;231;49m▀\x1b[0m\n");
    }

    #[test]
    fn greys_are_the_nearest_of_the_palette() {
        let palette = |index: u8| match index {
            16 => 0,
            231 => 255,
            _ => 8 + 10 * i32::from(index - 232),
        };
        let nearest = |level: u8| {
            let distance = |index: u8| (palette(index) - i32::from(level)).abs();
            [16].into_iter()
                .chain(231..=255)
                .map(distance)
                .min()
                .unwrap()
        };
        for level in 0..=255 {
            let distance = (palette(grey_index(level)) - i32::from(level)).abs();
            assert_eq!(distance, nearest(level), "level {level}");
        }
    }

    #[test]
    fn no_escape_sequence_of_a_class_name_reaches_the_terminal() {
        let drawn = sheet(&[0], 1, &["a\x1b[2Jb\n"]).to_text(Ink::Ascii);
        assert!(drawn.starts_with("a?[2Jb?\n"), "{drawn:?}");
    }
}
