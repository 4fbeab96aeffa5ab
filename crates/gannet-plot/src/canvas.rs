//! What pictures draw on: places in units (a pixel of an SVG viewer), text in a few sizes.
//! In go shapes, out come calls to the drawing crate's area, on a grid of quarter units since that
//! crate's coordinates are whole numbers.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement, Rectangle, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, TextStyle};

use crate::PlotError;
use crate::font;
use crate::palette::{INK, MUTED, Rgb};

/// Steps of the grid a unit.
pub(crate) const STEPS: u32 = 4;

/// Where a picture's contents begin, from its left and from its top edge.
pub(crate) const MARGIN: f64 = 24.0;

/// Room that title and subtitle take from the top.
pub(crate) const HEAD: f64 = 72.0;

/// A picture in the making.
pub(crate) struct Canvas<'a, B: DrawingBackend> {
    area: &'a DrawingArea<B, Shift>,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(crate) struct Lettering {
    pub(crate) em: f64,
    pub(crate) color: Rgb,
    style: FontStyle,
    anchor: (HPos, VPos),
    transform: fn() -> FontTransform,
}

pub(crate) const TITLE: Lettering = Lettering::new(19.0, INK).bold();
pub(crate) const HEADING: Lettering = Lettering::new(15.0, INK).bold();
pub(crate) const BODY: Lettering = Lettering::new(13.0, INK);
pub(crate) const NOTE: Lettering = Lettering::new(12.0, MUTED);

impl Lettering {
    const fn new(em: f64, color: Rgb) -> Self {
        Self {
            em,
            color,
            style: FontStyle::Normal,
            anchor: (HPos::Left, VPos::Center),
            transform: || FontTransform::None,
        }
    }

    const fn bold(self) -> Self {
        let style = FontStyle::Bold;
        Self { style, ..self }
    }

    pub(crate) const fn sized(self, em: f64) -> Self {
        Self { em, ..self }
    }

    pub(crate) const fn colored(self, color: Rgb) -> Self {
        Self { color, ..self }
    }

    pub(crate) const fn centred(self) -> Self {
        let anchor = (HPos::Center, self.anchor.1);
        Self { anchor, ..self }
    }

    pub(crate) const fn to_the_left(self) -> Self {
        let anchor = (HPos::Right, self.anchor.1);
        Self { anchor, ..self }
    }

    /// Reads from below to above.
    pub(crate) const fn upright(self) -> Self {
        Self {
            transform: || FontTransform::Rotate270,
            ..self
        }
    }

    /// How wide a text is, in units.
    pub(crate) fn width(self, text: &str) -> f64 {
        font::width(font::face(self.style), self.em, text)
    }

    /// The drawing crate's own form of it.
    pub(crate) fn text_style<'t>(self) -> TextStyle<'t> {
        let size = self.em * f64::from(STEPS) * font::SIZE_PER_EM;
        let font = FontDesc::new(FontFamily::Name(font::FAMILY), size, self.style);
        TextStyle {
            font: font.transform((self.transform)()),
            color: color(self.color).to_backend_color(),
            pos: Pos::new(self.anchor.0, self.anchor.1),
        }
    }
}

/// The widest of some texts, in units.
pub(crate) fn widest<'t>(lettering: Lettering, texts: impl IntoIterator<Item = &'t str>) -> f64 {
    let widths = texts.into_iter().map(|text| lettering.width(text));
    widths.fold(0.0, f64::max)
}

/// A length in steps.
pub(crate) fn steps(units: f64) -> i32 {
    (units * f64::from(STEPS)).round() as i32
}

/// The drawing crate's form of a colour.
pub(crate) fn color([red, green, blue]: Rgb) -> RGBColor {
    RGBColor(red, green, blue)
}

impl<'a, B: DrawingBackend> Canvas<'a, B> {
    pub(crate) fn new(area: &'a DrawingArea<B, Shift>) -> Self {
        Self { area }
    }

    /// A box of the canvas, `[left, top, width, height]`, to put a chart in.
    pub(crate) fn part(&self, [left, top, width, height]: [f64; 4]) -> DrawingArea<B, Shift> {
        let place = (steps(left), steps(top));
        self.area
            .clone()
            .shrink(place, (steps(width), steps(height)))
    }

    /// Title, and below it what can be said in a line.
    pub(crate) fn head(&self, title: &str, subtitle: &str) -> Result<(), PlotError> {
        self.text([MARGIN, 28.0], title, TITLE)?;
        self.text([MARGIN, 51.0], subtitle, NOTE.sized(13.0))
    }

    /// A filled box `[left, top, width, height]`.
    pub(crate) fn fill(&self, area: [f64; 4], rgb: Rgb) -> Result<(), PlotError> {
        self.draw(&Rectangle::new(corners(area), color(rgb).filled()))
    }

    /// The edge of a box, one unit thick.
    pub(crate) fn frame(&self, area: [f64; 4], rgb: Rgb) -> Result<(), PlotError> {
        let [(left, top), (right, bottom)] = corners(area);
        let path = [
            (left, top),
            (right, top),
            (right, bottom),
            (left, bottom),
            (left, top),
        ];
        self.draw(&PathElement::new(path, color(rgb).stroke_width(STEPS)))
    }

    pub(crate) fn line(
        &self,
        from: [f64; 2],
        to: [f64; 2],
        rgb: Rgb,
        width: f64,
    ) -> Result<(), PlotError> {
        let style = color(rgb).stroke_width(steps(width).unsigned_abs());
        self.draw(&PathElement::new([place(from), place(to)], style))
    }

    pub(crate) fn dot(&self, middle: [f64; 2], radius: f64, rgb: Rgb) -> Result<(), PlotError> {
        self.draw(&Circle::new(
            place(middle),
            steps(radius),
            color(rgb).filled(),
        ))
    }

    pub(crate) fn text(
        &self,
        at: [f64; 2],
        text: &str,
        lettering: Lettering,
    ) -> Result<(), PlotError> {
        self.draw(&Text::new(
            text.to_owned(),
            place(at),
            lettering.text_style(),
        ))
    }

    fn draw<E>(&self, element: &E) -> Result<(), PlotError>
    where
        for<'e> &'e E: plotters::element::PointCollection<'e, (i32, i32)>,
        E: plotters::element::Drawable<B>,
    {
        self.area.draw(element).map_err(PlotError::draw)
    }
}

fn place([x, y]: [f64; 2]) -> (i32, i32) {
    (steps(x), steps(y))
}

fn corners([left, top, width, height]: [f64; 4]) -> [(i32, i32); 2] {
    [place([left, top]), place([left + width, top + height])]
}
