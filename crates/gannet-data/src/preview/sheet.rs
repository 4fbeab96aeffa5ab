//! What is to be shown: images with captions, so many a row. Knows nothing of how they are drawn;
//! `terminal` and `picture` draw it.

use std::num::NonZeroUsize;
use std::ops::Range;

use crate::{Dataset, Image, SplitName};

/// The longest caption that is kept, in characters.
const CAPTION_CHARS: usize = 32;

/// Images with captions in rows of a fixed number of columns.
#[derive(Debug, Clone)]
pub struct Sheet<'a> {
    columns: NonZeroUsize,
    cells: Vec<Cell<'a>>,
}

/// One image of a sheet and what stands above it.
#[derive(Debug, Clone)]
pub struct Cell<'a> {
    image: Image<'a>,
    caption: String,
}

impl<'a> Sheet<'a> {
    /// Cells from left to right, then downwards.
    pub fn new(columns: NonZeroUsize, cells: Vec<Cell<'a>>) -> Self {
        Self { columns, cells }
    }

    /// Images of a split, captioned with their classes. What `range` has beyond the split's end is
    /// left out.
    pub fn of_split(
        dataset: &'a Dataset,
        split: SplitName,
        range: Range<usize>,
        columns: NonZeroUsize,
    ) -> Self {
        let cell = |index| {
            let sample = dataset.split(split).get(index)?;
            Some(Cell::new(
                sample.image,
                &dataset.classes().caption(sample.label),
            ))
        };
        Self::new(columns, range.map_while(cell).collect())
    }

    pub(super) fn rows(&self) -> std::slice::Chunks<'_, Cell<'a>> {
        self.cells.chunks(self.columns.get())
    }

    /// Columns that are really filled, at least one.
    pub(super) fn used_columns(&self) -> usize {
        self.columns.get().min(self.cells.len()).max(1)
    }

    /// The largest of a length over all cells, 0 when there are none.
    pub(super) fn widest(&self, length: impl Fn(&Cell<'a>) -> usize) -> usize {
        self.cells.iter().map(length).max().unwrap_or(0)
    }
}

impl<'a> Cell<'a> {
    /// An image and its caption. Class names come from outside: control characters are shown as
    /// `?`, so that none reaches a terminal, and a long caption is cut.
    pub fn new(image: Image<'a>, caption: &str) -> Self {
        let shown = |c: char| if c.is_control() { '?' } else { c };
        Self {
            image,
            caption: caption.chars().take(CAPTION_CHARS).map(shown).collect(),
        }
    }

    pub(super) fn image(&self) -> Image<'a> {
        self.image
    }

    pub(super) fn caption(&self) -> &str {
        &self.caption
    }

    pub(super) fn caption_chars(&self) -> usize {
        self.caption.chars().count()
    }
}
