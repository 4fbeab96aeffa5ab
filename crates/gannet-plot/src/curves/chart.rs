//! Curves as a chart: two panels side by side, each with its axes, its lines and its best epoch.

use gannet_data::preview::Ink;
use plotters::chart::ChartBuilder;
use plotters::prelude::{Circle, DashedLineSeries, DrawingBackend, LineSeries};
use plotters::style::{Color, TRANSPARENT};

use super::{Curves, Panel};
use crate::PlotError;
use crate::canvas::{BODY, Canvas, HEAD, HEADING, MARGIN, NOTE, STEPS, color, steps};
use crate::caption::counted;
use crate::palette::{BLUE, FRAME, GRID, INK, MUTED, PAPER, Rgb, VERMILION};
use crate::picture::Drawing;

const SIZE: [f64; 2] = [1040.0, 440.0];

/// A panel's width; its height is what the head leaves.
const PANEL_WIDTH: f64 = (SIZE[0] - 3.0 * MARGIN) / 2.0;

/// Room for the numbers left of an axis.
const LEFT_LABELS: f64 = 64.0;

/// Room for the numbers below an axis and for its name.
const BOTTOM_LABELS: f64 = 42.0;

const LINE_WIDTH: f64 = 2.0;

/// With more epochs, dots would hide the line.
const DOTTED_EPOCHS: usize = 40;

impl Drawing for Curves {
    fn size(&self) -> [f64; 2] {
        SIZE
    }

    #[expect(private_interfaces, reason = "the trait cannot be named from outside")]
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<(), PlotError> {
        canvas.head("Training", &counted(self.epochs(), "epoch"))?;
        self.legend(canvas)?;
        for (place, panel) in self.panels().into_iter().enumerate() {
            let left = MARGIN + place as f64 * (PANEL_WIDTH + MARGIN);
            draw_panel(canvas, panel, left)?;
        }
        Ok(())
    }

    fn text(&self, columns: usize, ink: Ink) -> String {
        self.panel_texts(columns, ink)
    }
}

impl Curves {
    /// Samples of the lines and their names, in the upper right corner.
    fn legend<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<(), PlotError> {
        let mut right = SIZE[0] - MARGIN;
        for (name, rgb) in self.series_names().into_iter().rev() {
            right -= BODY.width(name);
            canvas.text([right, 28.0], name, BODY)?;
            right -= 8.0;
            canvas.line([right - 22.0, 28.0], [right, 28.0], rgb, LINE_WIDTH)?;
            canvas.dot([right - 11.0, 28.0], 3.5, rgb)?;
            right -= 22.0 + 20.0;
        }
        Ok(())
    }

    /// What there is to see.
    fn series_names(&self) -> Vec<(&'static str, Rgb)> {
        let mut names = vec![("training", BLUE)];
        if self.panels().iter().any(|panel| panel.is_validated()) {
            names.push(("validation", VERMILION));
        }
        names
    }
}

fn draw_panel<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    panel: &Panel,
    left: f64,
) -> Result<(), PlotError> {
    let quantity = panel.quantity;
    let top = HEAD + 20.0;
    canvas.text([left + LEFT_LABELS, top - 12.0], quantity.title(), HEADING)?;

    let [low, high] = panel.range();
    let epochs = panel.train.len();
    // A little room on both sides, so that the first and the last dot are whole.
    let room = 0.02 * epochs.saturating_sub(1).max(1) as f64;
    let area = canvas.part([left, top, PANEL_WIDTH, SIZE[1] - top - 12.0]);
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(steps(BOTTOM_LABELS))
        .y_label_area_size(steps(LEFT_LABELS))
        .margin_top(steps(6.0))
        .build_cartesian_2d(1.0 - room..epochs.max(2) as f64 + room, low..high)
        .map_err(PlotError::draw)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(color(GRID).stroke_width(STEPS))
        .axis_style(color(FRAME).stroke_width(STEPS))
        .set_all_tick_mark_size(steps(3.0))
        .label_style(NOTE.text_style())
        .axis_desc_style(NOTE.text_style())
        .x_desc("epoch")
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|epoch| whole(*epoch))
        .y_label_formatter(&|value| quantity.label(*value, high - low))
        .draw()
        .map_err(PlotError::draw)?;

    let best = panel.best();
    if let Some(best) = best {
        let line = [(best.epoch as f64, low), (best.epoch as f64, high)];
        let style = color(MUTED).stroke_width(STEPS);
        let dashes = DashedLineSeries::new(line, steps(4.0), steps(4.0), style);
        chart.draw_series(dashes).map_err(PlotError::draw)?;
    }
    for (series, rgb) in [(&panel.train, BLUE), (&panel.validation, VERMILION)] {
        for piece in pieces(series) {
            let style = color(rgb).stroke_width(steps(LINE_WIDTH).unsigned_abs());
            let has_dots = epochs <= DOTTED_EPOCHS || piece.len() == 1;
            if piece.len() > 1 {
                let line = LineSeries::new(piece.iter().copied(), style);
                chart.draw_series(line).map_err(PlotError::draw)?;
            }
            if has_dots {
                let dot = |&point| Circle::new(point, steps(2.75), color(rgb).filled());
                chart
                    .draw_series(piece.iter().map(dot))
                    .map_err(PlotError::draw)?;
            }
        }
    }

    let Some(best) = best else {
        let middle = [
            left + (PANEL_WIDTH + LEFT_LABELS) / 2.0,
            top + (SIZE[1] - top - BOTTOM_LABELS) / 2.0,
        ];
        return canvas.text(middle, "nothing was measured", NOTE.sized(14.0).centred());
    };
    let (x, y) = chart.backend_coord(&(best.epoch as f64, best.value));
    let middle = [x, y].map(|steps| f64::from(steps) / f64::from(STEPS));
    let rgb = if panel.is_validated() {
        VERMILION
    } else {
        BLUE
    };
    for (radius, rgb) in [(6.0, INK), (4.75, PAPER), (3.25, rgb)] {
        canvas.dot(middle, radius, rgb)?;
    }
    let corner = [left + PANEL_WIDTH, top - 12.0];
    canvas.text(corner, &quantity.sentence(best), BODY.to_the_left())
}

/// Runs of finite values as points over their epochs.
fn pieces(series: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let points: Vec<(f64, f64)> = (1..).map(f64::from).zip(series.iter().copied()).collect();
    points
        .split(|(_, value)| !value.is_finite())
        .filter(|piece| !piece.is_empty())
        .map(<[_]>::to_vec)
        .collect()
}

/// The number of an epoch; nothing between epochs.
fn whole(epoch: f64) -> String {
    let nearest = epoch.round();
    if (epoch - nearest).abs() < 1e-6 {
        format!("{nearest}")
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_cut_a_line() {
        let nan = f64::NAN;
        let found = pieces(&[nan, 1.0, 2.0, f64::INFINITY, 3.0]);
        assert_eq!(found, [vec![(2.0, 1.0), (3.0, 2.0)], vec![(5.0, 3.0)]]);
        assert!(pieces(&[]).is_empty());
    }
}
