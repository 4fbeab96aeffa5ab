//! An image laid out for a window that slides over it: zeros left and right of each row, and
//! for each row the columns in which any of the sixteen images has something.
//!
//! Zeros beyond the border and blank pixels are one thing: columns outside a row's live
//! range, which the kernels skip.

use std::ops::Range;

use super::backend::Backend;
use super::simd::{Kernel, Lanes, Simd};

/// Rows of `width` columns of `channels` elements.
#[derive(Debug, Clone)]
pub struct Rows {
    elements: Vec<Lanes>,
    width: usize,
    channels: usize,
    live: Vec<Range<usize>>,
}

/// Where the pixels of an image `[height, width, channels]` go among the rows.
#[derive(Debug, Clone, Copy)]
pub struct Placement {
    /// Height and width of the image.
    pub image: [usize; 2],
    /// Its channels.
    pub channels: usize,
    /// The column of the first pixel.
    pub left: usize,
    /// From one pixel to the next, down and across: 1, or more to put zeros between them.
    pub spacing: [usize; 2],
    /// Columns of a row.
    pub width: usize,
}

impl Placement {
    /// Rows of zeros.
    pub fn rows(&self) -> Rows {
        let height = (self.image[0] - 1) * self.spacing[0] + 1;
        Rows {
            elements: vec![Lanes::ZERO; height * self.width * self.channels],
            width: self.width,
            channels: self.channels,
            live: vec![0..0; height],
        }
    }

    /// Writes an image into rows that [`Placement::rows`] made.
    pub fn fill(&self, backend: Backend, image: &[Lanes], rows: &mut Rows) {
        backend.run(Fill {
            placement: *self,
            image,
            rows,
        });
    }
}

/// Rows to read: laid out, or an image as it lies if nothing has to be put around it.
#[derive(Debug, Clone, Copy)]
pub struct RowsView<'a> {
    elements: &'a [Lanes],
    width: usize,
    channels: usize,
    live: &'a [Range<usize>],
}

impl Rows {
    /// The rows, to be read.
    pub fn view(&self) -> RowsView<'_> {
        RowsView {
            elements: &self.elements,
            width: self.width,
            channels: self.channels,
            live: &self.live,
        }
    }
}

impl<'a> RowsView<'a> {
    /// An image `[height, width, channels]` as it lies; every column may have something, and
    /// `live` says so once a row.
    pub fn of(image: &'a [Lanes], channels: usize, live: &'a [Range<usize>]) -> Self {
        RowsView {
            elements: image,
            width: image.len() / live.len() / channels,
            channels,
            live,
        }
    }

    /// How many rows there are.
    pub fn height(&self) -> usize {
        self.live.len()
    }

    /// Every element, row by row.
    pub fn all(&self) -> &'a [Lanes] {
        self.elements
    }

    /// The elements of a row, column by column.
    #[inline(always)]
    pub fn row(&self, y: usize) -> &'a [Lanes] {
        let len = self.width * self.channels;
        &self.elements[y * len..][..len]
    }

    /// The columns outside which the row is zero.
    #[inline(always)]
    pub fn live(&self, y: usize) -> Range<usize> {
        self.live[y].clone()
    }
}

struct Fill<'a> {
    placement: Placement,
    image: &'a [Lanes],
    rows: &'a mut Rows,
}

impl Kernel for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Fill {
            placement:
                Placement {
                    image,
                    channels,
                    left,
                    spacing,
                    width,
                },
            ..
        } = self;
        let columns = image[1];
        for y in 0..image[0] {
            let from = &self.image[y * columns * channels..][..columns * channels];
            let live = live_columns(simd, from, channels);
            let start = y * spacing[0] * width * channels;
            let to = &mut self.rows.elements[start..][..width * channels];
            for x in 0..columns {
                let column = (left + x * spacing[1]) * channels;
                let pixel = &mut to[column..][..channels];
                for (to, from) in pixel.iter_mut().zip(&from[x * channels..][..channels]) {
                    simd.store(simd.load(from), to);
                }
            }
            self.rows.live[y * spacing[0]] = if live.is_empty() {
                0..0
            } else {
                left + live.start * spacing[1]..left + (live.end - 1) * spacing[1] + 1
            };
        }
    }
}

/// The columns of a row from the first to the last that is not zero in every lane.
#[inline(always)]
pub fn live_columns<S: Simd>(simd: S, row: &[Lanes], channels: usize) -> Range<usize> {
    let mut first = 0;
    while first < row.len() && !simd.any_nonzero(simd.load(&row[first])) {
        first += 1;
    }
    if first == row.len() {
        return 0..0;
    }
    let mut last = row.len() - 1;
    while !simd.any_nonzero(simd.load(&row[last])) {
        last -= 1;
    }
    first / channels..last / channels + 1
}
