//! A sheet as a PNG picture: images enlarged pixel by pixel, captions above them, on white.
//! In go a sheet and a factor, out come the file's bytes. Rests on `font` for the letters.

use std::num::NonZeroUsize;

use super::font::{self, GLYPH_HEIGHT, GLYPH_WIDTH};
use super::{Cell, Sheet};
use crate::export::encode_png;
use crate::{DataError, Image};

/// The most pixels of a picture: 16 Mi, 48 MiB while it is drawn.
const LIMIT_PIXELS: usize = 1 << 24;

/// White pixels around every cell, before enlargement.
const GAP: usize = 4;

/// Blank columns between two letters, before enlargement.
const LETTER_GAP: usize = 1;

const PAPER: [u8; 3] = [255; 3];
const INK: [u8; 3] = [0; 3];

impl Sheet<'_> {
    /// Draws the sheet, each pixel of an image as `scale`×`scale` pixels of the picture.
    ///
    /// # Errors
    /// [`DataError::PictureSize`] when the picture would have more than 16 Mi pixels, and
    /// [`DataError::Png`] when the encoder refuses.
    pub fn to_png(&self, scale: NonZeroUsize) -> Result<Vec<u8>, DataError> {
        let layout = Layout::new(self, scale.get());
        let mut canvas = layout.canvas(self)?;
        for (row, cells) in self.rows().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                layout.draw(&mut canvas, cell, row, column);
            }
        }
        encode_png(
            canvas.width,
            canvas.height,
            png::ColorType::Rgb,
            &canvas.rgb,
        )
    }
}

/// Where things are in the picture, in its pixels.
struct Layout {
    scale: usize,
    /// Enlargement of the letters: as large as the captions allow, at most half the images'.
    letter_scale: usize,
    gap: usize,
    cell_width: usize,
    caption_height: usize,
    image_height: usize,
}

impl Layout {
    // Saturating: what overflows is larger than any picture that is drawn.
    fn new(sheet: &Sheet<'_>, scale: usize) -> Self {
        let image_width = sheet
            .widest(|cell| cell.image().shape().width())
            .saturating_mul(scale);
        let text_width = text_width(sheet.widest(Cell::caption_chars)).max(1);
        let letter_scale = (image_width / text_width).min(scale / 2).max(1);
        Self {
            scale,
            letter_scale,
            gap: GAP.saturating_mul(scale),
            cell_width: image_width.max(text_width.saturating_mul(letter_scale)),
            caption_height: (GLYPH_HEIGHT + LETTER_GAP).saturating_mul(letter_scale),
            image_height: sheet
                .widest(|cell| cell.image().shape().height())
                .saturating_mul(scale),
        }
    }

    fn step_down(&self) -> usize {
        self.caption_height
            .saturating_add(self.image_height)
            .saturating_add(self.gap)
    }

    fn step_right(&self) -> usize {
        self.cell_width.saturating_add(self.gap)
    }

    fn canvas(&self, sheet: &Sheet<'_>) -> Result<Canvas, DataError> {
        let side = |step: usize, count| step.saturating_mul(count).saturating_add(self.gap);
        let width = side(self.step_right(), sheet.used_columns());
        let height = side(self.step_down(), sheet.rows().len());
        if width.saturating_mul(height) > LIMIT_PIXELS {
            return Err(DataError::PictureSize {
                width,
                height,
                limit: LIMIT_PIXELS,
            });
        }
        Ok(Canvas {
            width,
            height,
            rgb: PAPER.repeat(width * height),
        })
    }

    fn draw(&self, canvas: &mut Canvas, cell: &Cell<'_>, row: usize, column: usize) {
        let left = self.gap + column * self.step_right();
        let top = self.gap + row * self.step_down();
        let image = cell.image();
        let centred = |width: usize| left + (self.cell_width - width) / 2;

        let caption_width = text_width(cell.caption_chars()) * self.letter_scale;
        canvas.write(
            cell.caption(),
            centred(caption_width),
            top,
            self.letter_scale,
        );
        let image_left = centred(image.shape().width() * self.scale);
        canvas.paste(image, image_left, top + self.caption_height, self.scale);
    }
}

/// The width of a line of so many letters, before enlargement.
fn text_width(letters: usize) -> usize {
    (letters * (GLYPH_WIDTH + LETTER_GAP)).saturating_sub(LETTER_GAP)
}

/// A picture in the making.
struct Canvas {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Canvas {
    fn paste(&mut self, image: Image<'_>, left: usize, top: usize, scale: usize) {
        for row in 0..image.shape().height() {
            for column in 0..image.shape().width() {
                let rgb = image.rgb(row, column);
                self.fill_square(left + column * scale, top + row * scale, scale, rgb);
            }
        }
    }

    fn write(&mut self, text: &str, left: usize, top: usize, scale: usize) {
        for (place, letter) in text.chars().enumerate() {
            let left = left + place * (GLYPH_WIDTH + LETTER_GAP) * scale;
            for (row, bits) in font::glyph(letter).iter().enumerate() {
                let inked = bits.bytes().enumerate().filter(|&(_, bit)| bit == b'#');
                for (column, _) in inked {
                    self.fill_square(left + column * scale, top + row * scale, scale, INK);
                }
            }
        }
    }

    fn fill_square(&mut self, left: usize, top: usize, side: usize, rgb: [u8; 3]) {
        for row in top..top + side {
            let start = (row * self.width + left) * 3;
            for pixel in self.rgb[start..start + side * 3].chunks_exact_mut(3) {
                pixel.copy_from_slice(&rgb);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageShape;

    fn decoded(file: Vec<u8>) -> (usize, usize, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        (info.width as usize, info.height as usize, rgb)
    }

    fn number(value: usize) -> NonZeroUsize {
        NonZeroUsize::new(value).unwrap()
    }

    #[test]
    fn a_sheet_has_its_images_enlarged_below_their_captions() {
        let shape = ImageShape::new(2, 10, 1).unwrap();
        let pixels: Vec<u8> = (0..20).map(|i| i * 10).collect();
        let image = Image::new(shape, &pixels).unwrap();
        let sheet = Sheet::new(number(2), vec![Cell::new(image, "1"); 3]);

        // Scale 2: gap 8, images 20×4, letters 5×8 at scale 1 and one row below: cells 20×13.
        let (width, height, rgb) = decoded(sheet.to_png(number(2)).unwrap());
        assert_eq!((width, height), (8 + 2 * (20 + 8), 8 + 2 * (13 + 8)));
        let at = |x: usize, y: usize| rgb[(y * width + x) * 3];
        for (left, top) in [(8, 8), (8 + 28, 8), (8, 8 + 21)] {
            for (y, x) in (0..4).flat_map(|y| (0..20).map(move |x| (y, x))) {
                let expected = pixels[y / 2 * 10 + x / 2];
                assert_eq!(at(left + x, top + 9 + y), expected, "{left} {top} {x} {y}");
            }
            // The digit 1 stands in the middle: columns 7 to 11 of the cell, its stem in 9.
            assert_eq!((at(left + 9, top + 3), at(left + 8, top + 4)), (0, 255));
        }
        assert_eq!(at(8 + 28 + 9, 8 + 21 + 3), 255, "there is no fourth cell");
    }

    #[test]
    fn a_picture_beyond_the_limit_is_refused_before_it_is_drawn() {
        let shape = ImageShape::new(28, 28, 1).unwrap();
        let image = Image::new(shape, &[0; 784]).unwrap();
        let sheet = Sheet::new(number(3), vec![Cell::new(image, "Digit: 5"); 9]);
        for scale in [100, usize::MAX] {
            let refused = sheet.to_png(number(scale)).unwrap_err();
            assert!(matches!(refused, DataError::PictureSize { .. }));
        }
        assert!(sheet.to_png(number(4)).is_ok());
        assert!(Sheet::new(number(3), vec![]).to_png(number(1)).is_ok());
    }
}
