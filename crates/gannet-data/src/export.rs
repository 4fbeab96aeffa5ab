//! One image as something to paste or include: an array of C, an array of Rust, a PNG.
//! In goes an [`Image`], out comes text or a file's bytes.

use crate::{DataError, Image};

/// The width of a line in exported source text.
const LINE_WIDTH: usize = 76;

/// A name that both C and Rust take for an array: ASCII letters, digits and underscores, no digit
/// first. Reserved words are not looked for; the compiler names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier(String);

impl std::str::FromStr for Identifier {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let first = |c: char| inner(c) && !c.is_ascii_digit();
        if text.starts_with(first) && text.chars().all(inner) {
            Ok(Self(text.into()))
        } else {
            Err(DataError::Identifier { found: text.into() })
        }
    }
}

/// `float NAME[784] = { 0.0, … };`: every byte divided by 255, in the fewest digits that give the
/// 64-bit quotient back (what Python prints), row-major.
pub fn c_array(image: Image<'_>, name: &Identifier) -> String {
    let values = image
        .pixels()
        .iter()
        .map(|&byte| format!("{:?}", f64::from(byte) / 255.0));
    let head = format!("float {}[{}] = {{", name.0, image.pixels().len());
    wrapped(&head, values, "};")
}

/// `pub static NAME: [u8; 784] = [0, …];`: the raw bytes, row-major, as a compiled network takes
/// them.
pub fn rust_array(image: Image<'_>, name: &Identifier) -> String {
    let values = image.pixels().iter().map(u8::to_string);
    let head = format!("pub static {}: [u8; {}] = [", name.0, image.pixels().len());
    wrapped(&head, values, "];")
}

/// A PNG file of the same pixels, nothing scaled: 1 channel is grey, 2 grey and alpha, 3 red,
/// green, blue, 4 with alpha.
///
/// # Errors
/// [`DataError::PngChannels`] for more channels; [`DataError::Png`] when the encoder refuses.
pub fn png(image: Image<'_>) -> Result<Vec<u8>, DataError> {
    let shape = image.shape();
    let color = match shape.channels() {
        1 => png::ColorType::Grayscale,
        2 => png::ColorType::GrayscaleAlpha,
        3 => png::ColorType::Rgb,
        4 => png::ColorType::Rgba,
        channels => return Err(DataError::PngChannels { channels }),
    };
    encode_png(shape.width(), shape.height(), color, image.pixels())
}

/// Writes 8-bit samples as a PNG file.
pub(crate) fn encode_png(
    width: usize,
    height: usize,
    color: png::ColorType,
    samples: &[u8],
) -> Result<Vec<u8>, DataError> {
    let side = |side| {
        u32::try_from(side).map_err(|_| DataError::PictureSize {
            width,
            height,
            limit: u32::MAX as usize,
        })
    };
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side(width)?, side(height)?);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(samples)?;
    writer.finish()?;
    Ok(file)
}

/// Comma-separated values between head and tail, broken into indented lines.
fn wrapped(head: &str, values: impl ExactSizeIterator<Item = String>, tail: &str) -> String {
    let last = values.len().saturating_sub(1);
    let mut text = format!("{head}\n");
    let mut line = String::from("   ");
    for (index, value) in values.enumerate() {
        let comma = if index == last { "" } else { "," };
        if line.len() + 1 + value.len() + comma.len() > LINE_WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = String::from("   ");
        }
        line.push(' ');
        line.push_str(&value);
        line.push_str(comma);
    }
    text + &line + "\n" + tail + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageShape;

    fn name(text: &str) -> Identifier {
        text.parse().unwrap()
    }

    #[test]
    fn arrays_of_a_small_image() {
        let shape = ImageShape::new(1, 3, 1).unwrap();
        let image = Image::new(shape, &[0, 67, 255]).unwrap();
        let c = c_array(image, &name("data"));
        assert_eq!(
            c,
            "float data[3] = {\n    0.0, 0.2627450980392157, 1.0\n};\n"
        );
        let rust = rust_array(image, &name("IMAGE"));
        assert_eq!(rust, "pub static IMAGE: [u8; 3] = [\n    0, 67, 255\n];\n");
    }

    #[test]
    fn lines_stay_within_the_width_and_lose_nothing() {
        let shape = ImageShape::new(16, 16, 1).unwrap();
        let pixels: Vec<u8> = (0..=255).collect();
        let text = rust_array(Image::new(shape, &pixels).unwrap(), &name("IMAGE"));
        assert!(text.lines().all(|line| line.len() <= LINE_WIDTH));
        let inside = text.split_once("= [").unwrap().1.split_once(']').unwrap().0;
        let read: Vec<u8> = inside
            .split(',')
            .map(|value| value.trim().parse().unwrap())
            .collect();
        assert_eq!(read, pixels);
    }

    #[test]
    fn a_png_decodes_to_the_same_pixels() {
        let shape = ImageShape::new(2, 3, 3).unwrap();
        let pixels: Vec<u8> = (0..18).map(|i| i * 13).collect();
        let file = png(Image::new(shape, &pixels).unwrap()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut decoded = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut decoded).unwrap();
        assert_eq!((info.width, info.height), (3, 2));
        assert_eq!(decoded, pixels);
    }

    #[test]
    fn an_identifier_compiles() {
        for good in ["data", "_x1", "IMAGE_2"] {
            assert!(good.parse::<Identifier>().is_ok(), "{good}");
        }
        for bad in ["", "1x", "a b", "a-b", "é", "x[3]"] {
            assert!(bad.parse::<Identifier>().is_err(), "{bad}");
        }
    }
}
