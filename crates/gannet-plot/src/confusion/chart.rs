//! A confusion matrix as a chart: cells tinted by their counts, each class's share of right
//! decisions beside its row.

use gannet_data::preview::Ink;
use plotters::prelude::DrawingBackend;

use super::ConfusionPlot;
use crate::PlotError;
use crate::canvas::{BODY, Canvas, HEAD, HEADING, MARGIN, NOTE, widest};
use crate::caption::{count, percent};
use crate::palette::{BLUE, FRAME, INK, MUTED, PAPER, Rgb, VERMILION, ink_on, tint};
use crate::picture::{Drawing, Edges};

/// Side of the matrix that is aimed at, in units, and the sides that a cell may have.
const SIDE: f64 = 520.0;
const CELL: [f64; 2] = [4.0, 60.0];

/// From this size on, a cell has its number in it and lines around it.
const NUMBERED_CELL: f64 = 24.0;

/// The smallest letters of names; where cells are smaller, some classes have no name.
const SMALLEST_EM: f64 = 8.0;

/// Right of the matrix: the share of each class that is right.
const SHARES: f64 = 72.0;

/// Where things are, in units.
struct Layout {
    shown: usize,
    cell: f64,
    name_em: f64,
    /// Every so many classes have their name written.
    name_every: usize,
    are_names_upright: bool,
    left: f64,
    top: f64,
    side: f64,
}

impl Layout {
    fn new(plot: &ConfusionPlot) -> Self {
        let shown = plot.shown();
        let names = plot.names[..shown].iter().map(String::as_str);
        let cell = (SIDE / shown.max(1) as f64).clamp(CELL[0], CELL[1]).floor();
        let name_em = (cell - 1.0).clamp(SMALLEST_EM, 13.0);
        let name_width = widest(BODY.sized(name_em), names);
        // Names above the columns stand up when one is wider than its column.
        let are_names_upright = name_width > cell - 4.0;
        let names_height = if are_names_upright {
            name_width
        } else {
            name_em
        };
        Self {
            shown,
            cell,
            name_em,
            name_every: ((name_em + 1.0) / cell).ceil() as usize,
            are_names_upright,
            left: MARGIN + 26.0 + name_width + 10.0,
            top: HEAD + 26.0 + names_height + 10.0,
            side: cell * shown as f64,
        }
    }

    fn right(&self) -> f64 {
        self.left + self.side
    }

    fn bottom(&self) -> f64 {
        self.top + self.side
    }

    fn cell(&self, truth: usize, decision: usize) -> [f64; 4] {
        let place = |class: usize| class as f64 * self.cell;
        [
            self.left + place(decision),
            self.top + place(truth),
            self.cell,
            self.cell,
        ]
    }

    /// Middle of a class's row from above, or of its column from the left, within the matrix.
    fn middle(&self, class: usize) -> f64 {
        (class as f64 + 0.5) * self.cell
    }

    fn named(&self) -> impl Iterator<Item = usize> {
        (0..self.shown).step_by(self.name_every)
    }
}

impl Drawing for ConfusionPlot {
    const EDGES: Edges = Edges::Crisp;

    fn size(&self) -> [f64; 2] {
        let layout = Layout::new(self);
        let subtitle = NOTE.sized(13.0).width(&self.subtitle());
        let width = layout.right() + SHARES + MARGIN;
        [
            width.max(subtitle + 2.0 * MARGIN).max(420.0),
            layout.bottom() + 44.0,
        ]
    }

    #[expect(private_interfaces, reason = "the trait cannot be named from outside")]
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<(), PlotError> {
        canvas.head("Confusion matrix", &self.subtitle())?;
        let layout = Layout::new(self);
        if layout.shown == 0 {
            return Ok(());
        }
        self.draw_cells(canvas, &layout)?;
        draw_lines(canvas, &layout)?;
        self.draw_names(canvas, &layout)?;
        self.draw_shares(canvas, &layout)?;
        draw_legend(canvas, &layout)
    }

    fn text(&self, columns: usize, ink: Ink) -> String {
        self.table_or_list(columns, ink)
    }
}

impl ConfusionPlot {
    fn draw_cells<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        layout: &Layout,
    ) -> Result<(), PlotError> {
        let most_frequent = self.mistakes().first().map_or(1, |&(_, _, n)| n);
        for (truth, row) in self.matrix.iter().take(layout.shown).enumerate() {
            let counts = row.iter().take(layout.shown).enumerate();
            for (decision, &n) in counts.filter(|&(_, &n)| n > 0) {
                let area = layout.cell(truth, decision);
                let ground = self.ground(truth, decision, most_frequent);
                canvas.fill(area, ground)?;
                let digits = count(n);
                let em = (0.3 * layout.cell).clamp(7.0, 14.0);
                let number = BODY.sized(em).colored(ink_on(ground)).centred();
                if layout.cell >= NUMBERED_CELL && number.width(&digits) < layout.cell - 2.0 {
                    let half = layout.cell / 2.0;
                    canvas.text([area[0] + half, area[1] + half], &digits, number)?;
                }
            }
        }
        Ok(())
    }

    /// The background of a cell: blue by the share of its row, vermilion by the square root of its
    /// part of the most frequent mistake, so that a single one is still seen.
    fn ground(&self, truth: usize, decision: usize, most_frequent: usize) -> Rgb {
        let row = &self.matrix[truth];
        match row[decision] {
            0 => PAPER,
            n if truth == decision => {
                let total: usize = row.iter().sum();
                tint(BLUE, 0.12 + 0.88 * (n as f64 / total as f64).powi(2))
            }
            n => tint(
                VERMILION,
                0.1 + 0.9 * (n as f64 / most_frequent as f64).sqrt(),
            ),
        }
    }

    fn draw_names<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        layout: &Layout,
    ) -> Result<(), PlotError> {
        let heading = HEADING.sized(13.0).centred();
        let middle = layout.side / 2.0;
        canvas.text([layout.left + middle, HEAD + 12.0], "taken for", heading)?;
        canvas.text(
            [MARGIN + 8.0, layout.top + middle],
            "shown",
            heading.upright(),
        )?;

        let lettering = BODY.sized(layout.name_em);
        for class in layout.named() {
            let (name, middle) = (&self.names[class], layout.middle(class));
            let beside = [layout.left - 10.0, layout.top + middle];
            canvas.text(beside, name, lettering.to_the_left())?;
            let across = layout.left + middle;
            if layout.are_names_upright {
                canvas.text([across, layout.top - 8.0], name, lettering.upright())?;
            } else {
                let up = layout.top - 10.0 - layout.name_em / 2.0;
                canvas.text([across, up], name, lettering.centred())?;
            }
        }
        Ok(())
    }

    /// The share of each class that is right.
    fn draw_shares<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        layout: &Layout,
    ) -> Result<(), PlotError> {
        let left = layout.right() + 12.0;
        canvas.text([left, layout.top - 12.0], "right", NOTE)?;
        let lettering = NOTE.sized(layout.name_em.min(12.0));
        for class in layout.named() {
            let row = &self.matrix[class];
            let images: usize = row.iter().sum();
            if images > 0 {
                let share = percent(row[class] as f64 / images as f64);
                canvas.text([left, layout.top + layout.middle(class)], &share, lettering)?;
            }
        }
        Ok(())
    }
}

/// The frame, and lines between cells that are large enough.
fn draw_lines<B: DrawingBackend>(canvas: &Canvas<'_, B>, layout: &Layout) -> Result<(), PlotError> {
    let (left, top, side) = (layout.left, layout.top, layout.side);
    if layout.cell >= NUMBERED_CELL {
        let faint = tint(MUTED, 0.14);
        for offset in (1..layout.shown).map(|class| class as f64 * layout.cell) {
            let (x, y) = (left + offset, top + offset);
            canvas.line([x, top], [x, top + side], faint, 1.0)?;
            canvas.line([left, y], [left + side, y], faint, 1.0)?;
        }
    }
    canvas.frame([left, top, side, side], FRAME)
}

fn draw_legend<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    layout: &Layout,
) -> Result<(), PlotError> {
    let middle = layout.bottom() + 22.0;
    let entries = [
        (BLUE, "right", 0.0),
        (VERMILION, "mistakes; the darker, the more", 64.0),
    ];
    for (rgb, text, offset) in entries {
        let left = layout.left + offset;
        canvas.fill([left, middle - 5.0, 10.0, 10.0], rgb)?;
        canvas.text([left + 16.0, middle], text, NOTE.colored(INK))?;
    }
    Ok(())
}
