//! Colours. The two of the series are blue and vermilion of Okabe and Ito's set ("Color Universal
//! Design", 2008), which people with any kind of colour blindness tell apart; scales run from
//! white to one of them.

/// Red, green, blue.
pub(crate) type Rgb = [u8; 3];

pub(crate) const PAPER: Rgb = [255; 3];
pub(crate) const INK: Rgb = [31, 41, 51];
pub(crate) const MUTED: Rgb = [104, 112, 122];
pub(crate) const FRAME: Rgb = [203, 208, 214];
pub(crate) const GRID: Rgb = [230, 233, 237];
pub(crate) const BLUE: Rgb = [0, 114, 178];
pub(crate) const VERMILION: Rgb = [213, 94, 0];
/// Where a value is no number.
pub(crate) const NO_NUMBER: Rgb = [160, 166, 173];

/// From white (`share` 0) to `full` (1).
pub(crate) fn tint(full: Rgb, share: f64) -> Rgb {
    let share = share.clamp(0.0, 1.0);
    let mix = |i: usize| (255.0 - (255.0 - f64::from(full[i])) * share).round() as u8;
    [mix(0), mix(1), mix(2)]
}

/// From vermilion (-1) over white (0) to blue (1).
pub(crate) fn diverging(value: f64) -> Rgb {
    match value {
        v if !v.is_finite() => NO_NUMBER,
        v if v < 0.0 => tint(VERMILION, -v),
        v => tint(BLUE, v),
    }
}

/// Ink or paper, whichever reads better on `ground` (brightness by ITU-R BT.601).
pub(crate) fn ink_on([red, green, blue]: Rgb) -> Rgb {
    let brightness = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    if brightness > 150_000 { INK } else { PAPER }
}

/// The SGR sequence (ECMA-48) of a series' colour in the 256-colour palette, and of its end.
pub(crate) const SGR_BLUE: &str = "\x1b[38;5;32m";
pub(crate) const SGR_VERMILION: &str = "\x1b[38;5;208m";
pub(crate) const SGR_DIM: &str = "\x1b[2m";
pub(crate) const SGR_END: &str = "\x1b[0m";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_begin_at_white_and_end_at_their_colour() {
        assert_eq!(diverging(0.0), PAPER);
        assert_eq!((diverging(-1.0), diverging(7.0)), (VERMILION, BLUE));
        assert_eq!(diverging(f64::NAN), NO_NUMBER);
        assert_eq!((ink_on(PAPER), ink_on(BLUE)), (INK, PAPER));
    }
}
