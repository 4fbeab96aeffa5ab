//! The embedded letters, known to the drawing crate and to the rasteriser alike.
//! In goes a text and a size, out come widths and outlines. Rests on `ab_glyph`.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, ScaleFont};
use plotters::style::FontStyle;

/// What an SVG viewer looks for; also the name under which the letters are registered.
pub(crate) const FAMILY: &str = "Roboto, Helvetica, Arial, sans-serif";

/// The drawing crate's font sizes are this many times the font's em.
pub(crate) const SIZE_PER_EM: f64 = 1.24;

const REGULAR: &[u8] = include_bytes!("../assets/Roboto-Regular.ttf");
const MEDIUM: &[u8] = include_bytes!("../assets/Roboto-Medium.ttf");

static FONTS: LazyLock<[FontRef<'static>; 2]> = LazyLock::new(|| {
    let font = |bytes| FontRef::try_from_slice(bytes).expect("the embedded font is one");
    [font(REGULAR), font(MEDIUM)]
});

/// Makes the letters known to the drawing crate, which keeps its fonts in one table for the whole
/// process. Doing it again changes nothing.
pub(crate) fn register() {
    for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, MEDIUM)] {
        // A font that is refused shows up as an error when it is drawn with.
        let _ = plotters::style::register_font(FAMILY, style, bytes);
    }
}

/// The letters of a style.
pub(crate) fn face(style: FontStyle) -> &'static FontRef<'static> {
    match style {
        FontStyle::Bold => &FONTS[1],
        _ => &FONTS[0],
    }
}

/// `ab_glyph`'s scale for an em of so many pixels.
pub(crate) fn scale(font: &FontRef<'_>, em: f64) -> f32 {
    let per_em = f64::from(font.units_per_em().unwrap_or(2048.0));
    (em * f64::from(font.height_unscaled()) / per_em) as f32
}

/// How wide a text is for an em of so many pixels.
pub(crate) fn width(font: &FontRef<'_>, em: f64, text: &str) -> f64 {
    let scaled = font.as_scaled(scale(font, em));
    text.chars()
        .map(|c| f64::from(scaled.h_advance(scaled.glyph_id(c))))
        .sum()
}
