//! Images of one size in one block of bytes: row-major, `[height, width, channels]` each.
//! In go a shape and the pixels, out come single images. Rests on nothing.

use crate::DataError;

/// The size of every image of a set: `[height, width, channels]`, none of them 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageShape {
    height: usize,
    width: usize,
    channels: usize,
    elements: usize,
}

impl ImageShape {
    /// A shape of `height` rows of `width` pixels of `channels` bytes.
    ///
    /// # Errors
    /// [`DataError::ImageShape`] when one of them is 0 or their product overflows.
    pub fn new(height: usize, width: usize, channels: usize) -> Result<Self, DataError> {
        let product = height
            .checked_mul(width)
            .and_then(|pixels| pixels.checked_mul(channels));
        match product {
            Some(elements) if elements > 0 => Ok(Self {
                height,
                width,
                channels,
                elements,
            }),
            _ => Err(DataError::ImageShape {
                height,
                width,
                channels,
            }),
        }
    }

    /// Rows.
    pub fn height(self) -> usize {
        self.height
    }

    /// Pixels a row.
    pub fn width(self) -> usize {
        self.width
    }

    /// Bytes a pixel: 1 is grey, 3 is red, green, blue.
    pub fn channels(self) -> usize {
        self.channels
    }

    /// Bytes an image: `height * width * channels`.
    pub fn elements(self) -> usize {
        self.elements
    }
}

impl std::fmt::Display for ImageShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}×{}×{}", self.height, self.width, self.channels)
    }
}

/// Images of one shape, whole ones only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    shape: ImageShape,
    pixels: Vec<u8>,
}

impl Images {
    /// Takes image after image, each row-major `[height, width, channels]`.
    ///
    /// # Errors
    /// [`DataError::PartialImage`] when the last image is not whole.
    pub fn new(shape: ImageShape, pixels: Vec<u8>) -> Result<Self, DataError> {
        if !pixels.len().is_multiple_of(shape.elements) {
            return Err(DataError::PartialImage {
                bytes: pixels.len(),
                shape,
            });
        }
        Ok(Self { shape, pixels })
    }

    /// How many images.
    pub fn len(&self) -> usize {
        self.pixels.len() / self.shape.elements
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// The shape of each image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// All pixels: `[images, height, width, channels]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The image at `index`, if there is one.
    pub fn get(&self, index: usize) -> Option<Image<'_>> {
        let start = index.checked_mul(self.shape.elements)?;
        let pixels = self.pixels.get(start..)?.get(..self.shape.elements)?;
        Some(Image {
            shape: self.shape,
            pixels,
        })
    }

    /// The first `count` images, or all if there are fewer.
    pub fn first(&self, count: usize) -> Images {
        let count = count.min(self.len());
        Images {
            shape: self.shape,
            pixels: self.pixels[..count * self.shape.elements].to_vec(),
        }
    }

    /// The images in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Image<'_>> {
        let shape = self.shape;
        self.pixels
            .chunks_exact(shape.elements)
            .map(move |pixels| Image { shape, pixels })
    }
}

/// One image, borrowed: `[height, width, channels]` bytes, row-major.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image<'a> {
    shape: ImageShape,
    pixels: &'a [u8],
}

impl<'a> Image<'a> {
    /// Looks at `pixels` as one image of this shape.
    ///
    /// # Errors
    /// [`DataError::PartialImage`] when `pixels` does not have `shape.elements()` bytes.
    pub fn new(shape: ImageShape, pixels: &'a [u8]) -> Result<Self, DataError> {
        if pixels.len() != shape.elements {
            return Err(DataError::PartialImage {
                bytes: pixels.len(),
                shape,
            });
        }
        Ok(Self { shape, pixels })
    }

    /// The shape.
    pub fn shape(self) -> ImageShape {
        self.shape
    }

    /// The bytes, `shape().elements()` of them.
    pub fn pixels(self) -> &'a [u8] {
        self.pixels
    }

    /// Red, green and blue for display. One or two channels are taken as grey (and alpha), three
    /// or more as red, green, blue (and what else there is, which is left out).
    ///
    /// # Panics
    /// When `row` or `column` lies outside the image.
    pub fn rgb(self, row: usize, column: usize) -> [u8; 3] {
        assert!(
            row < self.shape.height && column < self.shape.width,
            "pixel outside the image"
        );
        let start = (row * self.shape.width + column) * self.shape.channels;
        match self.pixels[start..][..self.shape.channels] {
            [red, green, blue, ..] => [red, green, blue],
            [grey, ..] => [grey; 3],
            [] => unreachable!("a shape has at least one channel"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_cut_row_by_row_with_channels_innermost() {
        // Two images of one row of two pixels of three channels: bytes 0..6 and 6..12.
        let shape = ImageShape::new(1, 2, 3).unwrap();
        let images = Images::new(shape, (0..12).collect()).unwrap();
        assert_eq!(images.len(), 2);
        assert_eq!(images.get(1).unwrap().pixels(), [6, 7, 8, 9, 10, 11]);
        assert_eq!(images.get(1).unwrap().rgb(0, 1), [9, 10, 11]);
        assert_eq!(images.get(2), None);
        assert_eq!(images.get(usize::MAX), None);
        assert_eq!(images.iter().nth(1), images.get(1));
        assert_eq!(images.first(1).pixels(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(images.first(3), images);
    }

    #[test]
    fn a_set_holds_whole_images_only() {
        let shape = ImageShape::new(2, 2, 1).unwrap();
        assert!(Images::new(shape, vec![0; 7]).is_err());
        assert!(Image::new(shape, &[0; 8]).is_err());
        assert!(ImageShape::new(0, 2, 1).is_err());
        assert!(ImageShape::new(usize::MAX, 2, 1).is_err());
    }
}
