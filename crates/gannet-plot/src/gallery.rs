//! The images that a network did worst on, with what they show and what they were taken for.
//! In go images and a score's list, out comes a [`Picture`](crate::Picture).

use std::num::NonZeroUsize;

use gannet_data::preview::{Cell, Ink, Sheet};
use gannet_data::score::ScoredImage;
use gannet_data::{Classes, Image, Split};
use plotters::prelude::DrawingBackend;

use crate::PlotError;
use crate::canvas::{BODY, Canvas, HEAD, MARGIN, NOTE, widest};
use crate::caption;
use crate::palette::{FRAME, VERMILION};
use crate::picture::{Drawing, Edges};

/// The most images that are shown.
const IMAGES: usize = 100;

/// The longer side of an image, in units: whole numbers of units a pixel up to this.
const SIDE: f64 = 140.0;

/// The most pixels that are drawn of a side; larger images are drawn with gaps.
const PIXELS: usize = 140;

/// Two lines of caption below each image, and room to the next.
const CAPTION: f64 = 58.0;

/// Room between two columns.
const GAP: f64 = 20.0;

/// Images with what a network made of them.
#[derive(Debug, Clone)]
pub struct Gallery<'a> {
    images: Vec<WorstImage<'a>>,
}

/// One image and what a network made of it.
#[derive(Debug, Clone)]
pub struct WorstImage<'a> {
    /// The image.
    pub image: Image<'a>,
    /// Its place in its split.
    pub index: usize,
    /// What it shows.
    pub truth: String,
    /// What it was taken for; the same as `truth` when the network was right, but not sure.
    pub decision: String,
    /// The sum over the outputs of |one-hot − output|.
    pub abs_error: f64,
}

impl<'a> Gallery<'a> {
    /// A gallery of these images in this order; at most 100 are shown.
    pub fn new(images: Vec<WorstImage<'a>>) -> Self {
        Self { images }
    }

    /// The scored images of a split, in the order of the list. What the split does not have is
    /// left out.
    pub fn of_scored(split: &'a Split, classes: &Classes, scored: &[ScoredImage]) -> Self {
        let name = |class: usize| {
            let name = classes.names().get(class).cloned();
            name.unwrap_or_else(|| class.to_string())
        };
        let image = |scored: &ScoredImage| {
            Some(WorstImage {
                image: split.get(scored.index)?.image,
                index: scored.index,
                truth: name(usize::from(scored.label)),
                decision: name(scored.decision),
                abs_error: scored.abs_error,
            })
        };
        Self::new(scored.iter().filter_map(image).collect())
    }

    fn shown(&self) -> &[WorstImage<'a>] {
        &self.images[..self.images.len().min(IMAGES)]
    }

    /// Columns of a picture that is about as wide as high.
    fn columns(&self) -> usize {
        let root = (self.shown().len() as f64).sqrt().ceil() as usize;
        root.max(1)
    }

    /// The width of a column: the images', or the widest caption's.
    fn column_width(&self) -> f64 {
        let captions: Vec<String> = self.shown().iter().flat_map(WorstImage::captions).collect();
        widest(BODY, captions.iter().map(String::as_str)).max(SIDE)
    }

    fn title(&self) -> String {
        match self.shown().len() {
            0 => String::from("No images"),
            1 => String::from("The largest error"),
            n => format!("The {n} largest errors"),
        }
    }
}

impl WorstImage<'_> {
    fn is_mistaken(&self) -> bool {
        self.truth != self.decision
    }

    fn verdict(&self) -> String {
        let (truth, decision) = (caption::name(&self.truth), caption::name(&self.decision));
        if self.is_mistaken() {
            format!("{truth} taken for {decision}")
        } else {
            format!("{truth}, not sure")
        }
    }

    fn captions(&self) -> [String; 2] {
        [
            self.verdict(),
            format!("image {}, error {:.3}", self.index, self.abs_error),
        ]
    }

    /// Draws the image into a square of [`SIDE`], runs of equal pixels as one box.
    fn draw<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        [left, top]: [f64; 2],
    ) -> Result<(), PlotError> {
        let shape = self.image.shape();
        let longer = shape.height().max(shape.width());
        let every = longer.div_ceil(PIXELS);
        let pixel = (SIDE / longer.div_ceil(every) as f64).floor();
        let (rows, columns) = (
            shape.height().div_ceil(every),
            shape.width().div_ceil(every),
        );
        let (width, height) = (columns as f64 * pixel, rows as f64 * pixel);
        let (left, top) = (
            left + ((SIDE - width) / 2.0).floor(),
            top + ((SIDE - height) / 2.0).floor(),
        );
        for row in 0..rows {
            let colors: Vec<[u8; 3]> = (0..columns)
                .map(|column| self.image.rgb(row * every, column * every))
                .collect();
            let mut start = 0;
            for run in colors.chunk_by(|a, b| a == b) {
                let area = [
                    left + start as f64 * pixel,
                    top + row as f64 * pixel,
                    run.len() as f64 * pixel,
                    pixel,
                ];
                canvas.fill(area, run[0])?;
                start += run.len();
            }
        }
        canvas.frame([left, top, width, height], FRAME)
    }
}

impl Drawing for Gallery<'_> {
    const EDGES: Edges = Edges::Crisp;

    fn size(&self) -> [f64; 2] {
        let columns = self.columns();
        let rows = self.shown().len().div_ceil(columns);
        let across = columns as f64 * (self.column_width() + GAP) - GAP;
        [
            (across + 2.0 * MARGIN).max(340.0),
            HEAD + rows as f64 * (SIDE + CAPTION) + 6.0,
        ]
    }

    #[expect(private_interfaces, reason = "the trait cannot be named from outside")]
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<(), PlotError> {
        canvas.head(
            &self.title(),
            "what the image shows, and what the network took it for",
        )?;
        let (columns, step) = (self.columns(), self.column_width() + GAP);
        for (place, image) in self.shown().iter().enumerate() {
            let left = MARGIN + (place % columns) as f64 * step;
            let top = HEAD + (place / columns) as f64 * (SIDE + CAPTION);
            image.draw(canvas, [left, top])?;
            let [verdict, note] = image.captions();
            let lettering = if image.is_mistaken() {
                BODY.colored(VERMILION)
            } else {
                BODY
            };
            canvas.text([left, top + SIDE + 15.0], &verdict, lettering)?;
            canvas.text([left, top + SIDE + 33.0], &note, NOTE)?;
        }
        Ok(())
    }

    fn text(&self, columns: usize, ink: Ink) -> String {
        let verdict = |image: &WorstImage<'_>| format!("{}: {}", image.index, image.verdict());
        let cells: Vec<Cell<'_>> = self
            .shown()
            .iter()
            .map(|image| Cell::new(image.image, &verdict(image)))
            .collect();
        let widest = self
            .shown()
            .iter()
            .map(|image| {
                image
                    .image
                    .shape()
                    .width()
                    .max(verdict(image).chars().count().min(32))
            })
            .max();
        // Two characters stand between two images.
        let fitting = (columns + 2) / (widest.unwrap_or(0) + 2);
        Sheet::new(
            NonZeroUsize::new(fitting).unwrap_or(NonZeroUsize::MIN),
            cells,
        )
        .to_text(ink)
    }
}
