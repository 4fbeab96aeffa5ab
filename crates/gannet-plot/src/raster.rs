//! A drawing target that is pixels: anti-aliased lines, circles, rectangles and letters.
//! In go drawing calls in steps of the canvas' grid, out come red, green and blue of each pixel.
//! Every shape is covered by its distance from the pixel's middle, so edges are smooth.

use std::convert::Infallible;

use ab_glyph::{Font, Glyph, GlyphId, ScaleFont, point};
use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use crate::font;

/// Pixels a step of the grid.
const PIXELS_PER_STEP: f64 = 0.5;

/// Pixels in the making. Its coordinates are steps, two a pixel.
#[derive(Debug)]
pub(crate) struct Raster {
    size: (u32, u32),
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Raster {
    /// White paper of `size` steps.
    pub(crate) fn new(size: (u32, u32)) -> Self {
        let pixels = |steps: u32| (f64::from(steps) * PIXELS_PER_STEP).ceil() as usize;
        let (width, height) = (pixels(size.0), pixels(size.1));
        Self {
            size,
            width,
            height,
            rgb: vec![255; width * height * 3],
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// Row-major `[height, width, 3]`.
    pub(crate) fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Lays a colour over a pixel, as far as it is covered.
    fn blend(&mut self, x: i64, y: i64, color: BackendColor, coverage: f64) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x >= self.width || y >= self.height {
            return;
        }
        let share = (coverage * color.alpha).clamp(0.0, 1.0);
        let over = <[u8; 3]>::from(color.rgb);
        let pixel = &mut self.rgb[(y * self.width + x) * 3..][..3];
        if share >= 1.0 {
            pixel.copy_from_slice(&over);
            return;
        }
        for (under, over) in pixel.iter_mut().zip(over) {
            let mixed = f64::from(*under) + (f64::from(over) - f64::from(*under)) * share;
            *under = mixed.round() as u8;
        }
    }

    /// Covers the pixels whose middle has a negative `distance` (in pixels) from a shape within
    /// `[left, top, right, bottom]`; half of it on the edge.
    fn cover(
        &mut self,
        [left, top, right, bottom]: [f64; 4],
        color: BackendColor,
        distance: impl Fn(f64, f64) -> f64,
    ) {
        let columns = (left - 1.0).floor().max(0.0) as i64
            ..=(right + 1.0).ceil().min(self.width as f64) as i64;
        for y in (top - 1.0).floor().max(0.0) as i64
            ..=(bottom + 1.0).ceil().min(self.height as f64) as i64
        {
            for x in columns.clone() {
                let coverage = 0.5 - distance(x as f64 + 0.5, y as f64 + 0.5);
                if coverage > 0.0 {
                    self.blend(x, y, color, coverage.min(1.0));
                }
            }
        }
    }

    /// A line with round ends, by the distance from its middle line.
    fn capsule(&mut self, from: BackendCoord, to: BackendCoord, width: f64, color: BackendColor) {
        let ([ax, ay], [bx, by]) = (pixels(from), pixels(to));
        let half = (width * PIXELS_PER_STEP / 2.0).max(0.5);
        let (dx, dy) = (bx - ax, by - ay);
        let length_squared = (dx * dx + dy * dy).max(f64::MIN_POSITIVE);
        let bounds = [
            ax.min(bx) - half,
            ay.min(by) - half,
            ax.max(bx) + half,
            ay.max(by) + half,
        ];
        self.cover(bounds, color, |x, y| {
            let along = (((x - ax) * dx + (y - ay) * dy) / length_squared).clamp(0.0, 1.0);
            (x - ax - along * dx).hypot(y - ay - along * dy) - half
        });
    }

    /// A filled box; an edge within a pixel covers its part of it.
    fn fill(&mut self, [left, top]: [f64; 2], [right, bottom]: [f64; 2], color: BackendColor) {
        let overlap = |low: f64, high: f64, place: i64| {
            (high.min(place as f64 + 1.0) - low.max(place as f64)).max(0.0)
        };
        for y in top.max(0.0) as i64..bottom.ceil().min(self.height as f64) as i64 {
            for x in left.max(0.0) as i64..right.ceil().min(self.width as f64) as i64 {
                let coverage = overlap(left, right, x) * overlap(top, bottom, y);
                self.blend(x, y, color, coverage);
            }
        }
    }
}

/// A place on the grid in pixels.
fn pixels((x, y): BackendCoord) -> [f64; 2] {
    [
        f64::from(x) * PIXELS_PER_STEP,
        f64::from(y) * PIXELS_PER_STEP,
    ]
}

impl DrawingBackend for Raster {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.fill(pixels((x, y)), pixels((x + 1, y + 1)), color);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if fill {
            self.fill(pixels(upper_left), pixels(bottom_right), style.color());
            return Ok(());
        }
        let ((left, top), (right, bottom)) = (upper_left, bottom_right);
        let corners = [
            (left, top),
            (right, top),
            (right, bottom),
            (left, bottom),
            (left, top),
        ];
        self.draw_path(corners, style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let width = f64::from(style.stroke_width());
        let mut path = path.into_iter();
        if let Some(mut from) = path.next() {
            for to in path {
                self.capsule(from, to, width, style.color());
                from = to;
            }
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let [cx, cy] = pixels(center);
        let radius = f64::from(radius) * PIXELS_PER_STEP;
        let half = f64::from(style.stroke_width()) * PIXELS_PER_STEP / 2.0;
        let reach = radius + half;
        let bounds = [cx - reach, cy - reach, cx + reach, cy + reach];
        self.cover(bounds, style.color(), |x, y| {
            let from_edge = (x - cx).hypot(y - cy) - radius;
            if fill {
                from_edge
            } else {
                from_edge.abs() - half
            }
        });
        Ok(())
    }

    /// Letters where an SVG viewer puts them: the same anchors, the same em.
    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        position: BackendCoord,
    ) -> Drawn {
        let face = font::face(style.style());
        let em = style.size() / font::SIZE_PER_EM * PIXELS_PER_STEP;
        let scaled = face.as_scaled(font::scale(face, em));
        let width = font::width(face, em, text);
        let mut along = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -width / 2.0,
            HPos::Right => -width,
        };
        // From the anchor down to the baseline, as the SVG target has it; Roboto's x-height is
        // 0.528 em.
        let down = match style.anchor().v_pos {
            VPos::Top => 0.76,
            VPos::Center => 0.264,
            VPos::Bottom => -0.264,
        } * em;
        let [x, y] = pixels(position);
        let is_upright = matches!(style.transform(), FontTransform::Rotate270);
        for c in text.chars() {
            let id: GlyphId = scaled.glyph_id(c);
            // Letters stand at the fraction of a pixel that they belong to.
            let origin = if is_upright {
                [along, down]
            } else {
                [x + along, y + down]
            };
            let glyph: Glyph = id
                .with_scale_and_position(scaled.scale(), point(origin[0] as f32, origin[1] as f32));
            if let Some(outline) = face.outline_glyph(glyph) {
                let min = outline.px_bounds().min;
                outline.draw(|gx, gy, coverage| {
                    let right = min.x as i64 + i64::from(gx);
                    let down = min.y as i64 + i64::from(gy);
                    let (px, py) = if is_upright {
                        (x as i64 + down, y as i64 - right)
                    } else {
                        (right, down)
                    };
                    self.blend(px, py, style.color(), f64::from(coverage));
                });
            }
            along += f64::from(scaled.h_advance(id));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use plotters::style::{BLACK, Color};

    use super::*;

    fn grey(raster: &Raster, x: usize, y: usize) -> u8 {
        raster.rgb[(y * raster.width + x) * 3]
    }

    #[test]
    fn a_box_covers_its_pixels_and_no_others() {
        let mut raster = Raster::new((16, 8));
        // Steps 4 to 9 are pixels 2 to 4.5.
        raster
            .draw_rect((4, 0), (9, 8), &BLACK.filled(), true)
            .unwrap();
        let row: Vec<u8> = (0..8).map(|x| grey(&raster, x, 3)).collect();
        assert_eq!(row, [255, 255, 0, 0, 128, 255, 255, 255]);
    }

    #[test]
    fn a_line_has_its_width() {
        let mut raster = Raster::new((40, 40));
        // Four steps wide: two pixels, above and below y = 10.
        raster
            .draw_line((4, 20), (36, 20), &Color::stroke_width(&BLACK, 4))
            .unwrap();
        let column: Vec<u8> = (8..12).map(|y| grey(&raster, 10, y)).collect();
        assert_eq!(column, [255, 0, 0, 255]);
    }

    #[test]
    fn what_lies_outside_is_left_out() {
        let mut raster = Raster::new((8, 8));
        raster.draw_line((-900, -40), (900, -40), &BLACK).unwrap();
        raster.draw_circle((500, 500), 9, &BLACK, true).unwrap();
        raster.draw_rect((-9, -9), (-1, -1), &BLACK, true).unwrap();
        assert!(raster.rgb.iter().all(|&byte| byte == 255));
    }
}
