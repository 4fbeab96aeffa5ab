//! What every picture can do, and how it is done: one drawing, three ways of looking at it.

use std::cell::RefCell;
use std::rc::Rc;

use gannet_data::preview::Ink;
use gannet_data::{Image, ImageShape, export};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::prelude::{DrawingBackend, SVGBackend};

use crate::PlotError;
use crate::canvas::{Canvas, STEPS, color};
use crate::font;
use crate::palette::PAPER;
use crate::raster::Raster;

/// A picture to look at.
pub trait Picture {
    /// An SVG document, on white, as large as it reads well on a page.
    ///
    /// # Errors
    /// [`PlotError::Draw`] when the drawing crate refuses.
    fn to_svg(&self) -> Result<String, PlotError>;

    /// The same picture as a PNG file with two pixels for each of the SVG's.
    ///
    /// # Errors
    /// As [`Self::to_svg`], and [`PlotError::Png`] when the encoder refuses.
    fn to_png(&self) -> Result<Vec<u8>, PlotError>;

    /// The same values as text of at most `columns` characters a line (72 at least), each line
    /// ended. With [`Ink::Ascii`] it has no colours, and block and Braille characters all the
    /// same.
    fn to_text(&self, columns: usize, ink: Ink) -> String;
}

/// A picture that can be drawn on any target.
pub trait Drawing {
    /// How an SVG viewer draws edges.
    const EDGES: Edges = Edges::Smooth;

    /// Width and height in units.
    fn size(&self) -> [f64; 2];

    /// Draws on white paper of that size.
    #[expect(private_interfaces, reason = "the trait cannot be named from outside")]
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<(), PlotError>;

    /// See [`Picture::to_text`].
    fn text(&self, columns: usize, ink: Ink) -> String;
}

/// How an SVG viewer draws edges that are not on its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edges {
    /// Anti-aliased: for curves.
    Smooth,
    /// Not: boxes side by side then show no seam at any size.
    Crisp,
}

/// The narrowest text that is drawn, in characters.
const NARROWEST: usize = 72;

impl<T: Drawing> Picture for T {
    fn to_svg(&self) -> Result<String, PlotError> {
        let grid = grid(self.size());
        let mut svg = String::new();
        draw_on(
            self,
            &SVGBackend::with_string(&mut svg, grid).into_drawing_area(),
        )?;
        // The drawing is in steps; it is shown in units.
        let head =
            |[width, height]: [u32; 2]| format!("<svg width=\"{width}\" height=\"{height}\"");
        let mut shown = head([grid.0 / STEPS, grid.1 / STEPS]);
        if T::EDGES == Edges::Crisp {
            shown += " shape-rendering=\"crispEdges\"";
        }
        Ok(svg.replacen(&head([grid.0, grid.1]), &shown, 1))
    }

    fn to_png(&self) -> Result<Vec<u8>, PlotError> {
        let raster = Rc::new(RefCell::new(Raster::new(grid(self.size()))));
        draw_on(self, &DrawingArea::from(&raster))?;
        let raster = raster.borrow();
        let shape = ImageShape::new(raster.height(), raster.width(), 3).map_err(PlotError::Png)?;
        Image::new(shape, raster.rgb())
            .and_then(export::png)
            .map_err(PlotError::Png)
    }

    fn to_text(&self, columns: usize, ink: Ink) -> String {
        self.text(columns.max(NARROWEST), ink)
    }
}

/// The size in steps, whole units.
fn grid(size: [f64; 2]) -> (u32, u32) {
    let [width, height] = size.map(|units| units.ceil().max(1.0) as u32 * STEPS);
    (width, height)
}

/// White paper and the picture on it.
fn draw_on<B: DrawingBackend>(
    picture: &impl Drawing,
    area: &DrawingArea<B, Shift>,
) -> Result<(), PlotError> {
    font::register();
    area.fill(&color(PAPER)).map_err(PlotError::draw)?;
    picture.draw(&Canvas::new(area))?;
    area.present().map_err(PlotError::draw)
}
