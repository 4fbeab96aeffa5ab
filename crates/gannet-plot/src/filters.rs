//! What a network's first convolution looks for: its filters as small images, negative weights in
//! vermilion, positive ones in blue, on one scale.
//! In goes a graph, out comes a [`Picture`](crate::Picture).

use std::num::NonZeroUsize;

use gannet_data::preview::{Cell, Ink, Sheet};
use gannet_data::{Image, ImageShape};
use gannet_graph::{Conv2D, Graph, Layer};
use plotters::prelude::DrawingBackend;

use crate::PlotError;
use crate::canvas::{Canvas, HEAD, MARGIN, NOTE, widest};
use crate::caption::{self, counted};
use crate::palette::{FRAME, Rgb, diverging};
use crate::picture::{Drawing, Edges};

/// The most filters that are drawn.
const FILTERS: usize = 64;

/// The most channels of a filter that are drawn.
const CHANNELS: usize = 16;

/// The longest side of a filter that is drawn, in weights.
const WEIGHTS: usize = 32;

/// The longer side of a filter, in units.
const SIDE: f64 = 84.0;

/// Room between two filters, and for a number above each.
const GAP: f64 = 18.0;
const NUMBER: f64 = 18.0;

/// The scale: a bar as long as that, with its numbers below.
const BAR: [f64; 2] = [220.0, 12.0];

/// The filters of one convolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Filters {
    /// The layer's name.
    layer: String,
    /// Height, width, channels and number of the filters.
    shape: [usize; 4],
    /// `[height, width, channels, filters]`.
    weights: Vec<f32>,
    /// What is full colour.
    scale: f64,
}

impl Filters {
    /// The filters of the first two-dimensional convolution, if there is one; depthwise ones are
    /// passed over.
    pub fn of_first_convolution(graph: &Graph) -> Option<Self> {
        graph.nodes().iter().find_map(|node| match node.layer() {
            Layer::Conv2D(convolution) => Some(Self::of(node.name(), convolution)),
            _ => None,
        })
    }

    fn of(layer: &str, convolution: &Conv2D) -> Self {
        let [height, width] = convolution.window().kernel();
        Self {
            layer: caption::name(layer),
            shape: [height, width, convolution.channels(), convolution.filters()],
            weights: convolution.kernel().data().to_vec(),
            scale: scale(convolution.kernel().data()),
        }
    }

    fn weight(&self, row: usize, column: usize, channel: usize, filter: usize) -> f64 {
        let [_, width, channels, filters] = self.shape;
        f64::from(self.weights[((row * width + column) * channels + channel) * filters + filter])
    }

    /// Rows, columns, channels and filters that are drawn.
    fn shown(&self) -> [usize; 4] {
        let [height, width, channels, filters] = self.shape;
        [
            height.min(WEIGHTS),
            width.min(WEIGHTS),
            channels.min(CHANNELS),
            filters.min(FILTERS),
        ]
    }

    fn subtitle(&self) -> String {
        let [height, width, channels, filters] = self.shape;
        let mut text = format!(
            "{} of {height}×{width} weights over {}",
            counted(filters, "filter"),
            counted(channels, "channel")
        );
        let [rows, columns, shown_channels, shown_filters] = self.shown();
        let cuts = [
            (shown_filters < filters, format!("{FILTERS} filters")),
            (shown_channels < channels, format!("{CHANNELS} channels")),
            (
                rows < height || columns < width,
                format!("{WEIGHTS} weights a side"),
            ),
        ];
        let cuts: Vec<String> = cuts
            .into_iter()
            .filter(|cut| cut.0)
            .map(|cut| cut.1)
            .collect();
        if !cuts.is_empty() {
            text += &format!("; the first {} are shown", cuts.join(" and "));
        }
        text
    }

    /// Filters in a row of the picture: with one channel a block as wide as high, with more one
    /// filter a row of its channels.
    fn columns(&self) -> usize {
        match self.shown() {
            [_, _, 1, filters] => ((filters as f64 * 2.0).sqrt().ceil() as usize).max(1),
            [_, _, channels, _] => channels,
        }
    }

    /// What is drawn, in order: a filter and one of its channels.
    fn tiles(&self) -> impl Iterator<Item = (usize, usize)> {
        let [_, _, channels, filters] = self.shown();
        (0..filters).flat_map(move |filter| (0..channels).map(move |channel| (filter, channel)))
    }

    /// A tile's number: the filter's, and the channel's if there are several.
    fn number(&self, (filter, channel): (usize, usize)) -> String {
        match self.shape[2] {
            1 => filter.to_string(),
            _ => format!("{filter}.{channel}"),
        }
    }

    /// Units a weight.
    fn weight_side(&self) -> f64 {
        let [rows, columns, ..] = self.shown();
        let side = if self.shape[2] == 1 { SIDE } else { SIDE / 2.0 };
        (side / rows.max(columns).max(1) as f64).floor().max(2.0)
    }

    /// A tile as a picture of pixels for a terminal, each weight `enlarged` pixels wide and high:
    /// in colours, or from black (negative) over grey to white.
    fn pixels(&self, (filter, channel): (usize, usize), enlarged: usize, ink: Ink) -> Vec<u8> {
        let [rows, columns, ..] = self.shown();
        let color = |row, column| -> Rgb {
            let share = self.weight(row, column, channel, filter) / self.scale;
            match ink {
                Ink::TrueColor => diverging(share),
                Ink::Grey256 | Ink::Ascii if share.is_finite() => {
                    [(127.5 + 127.5 * share).round() as u8; 3]
                }
                Ink::Grey256 | Ink::Ascii => [128; 3],
            }
        };
        let side = |weights: usize| (0..weights * enlarged).map(move |pixel| pixel / enlarged);
        side(rows)
            .flat_map(|row| side(columns).map(move |column| (row, column)))
            .flat_map(|(row, column)| color(row, column))
            .collect()
    }
}

impl Drawing for Filters {
    const EDGES: Edges = Edges::Crisp;

    fn size(&self) -> [f64; 2] {
        let [rows, columns, ..] = self.shown();
        let side = self.weight_side();
        let across = self.columns() as f64 * (columns as f64 * side + GAP) - GAP;
        let lines = self.tiles().count().div_ceil(self.columns());
        let subtitle = widest(NOTE.sized(13.0), [self.subtitle().as_str()]);
        [
            across.max(subtitle).max(BAR[0]) + 2.0 * MARGIN,
            HEAD + lines as f64 * (rows as f64 * side + NUMBER + 10.0) + 62.0,
        ]
    }

    #[expect(private_interfaces, reason = "the trait cannot be named from outside")]
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<(), PlotError> {
        canvas.head(&format!("Filters of {}", self.layer), &self.subtitle())?;
        let [rows, columns, ..] = self.shown();
        let side = self.weight_side();
        let (width, height) = (columns as f64 * side, rows as f64 * side);
        for (place, tile) in self.tiles().enumerate() {
            let left = MARGIN + (place % self.columns()) as f64 * (width + GAP);
            let line = (place / self.columns()) as f64;
            let top = HEAD + line * (height + NUMBER + 10.0) + NUMBER;
            canvas.text(
                [left, top - NUMBER / 2.0],
                &self.number(tile),
                NOTE.sized(11.0),
            )?;
            for row in 0..rows {
                for column in 0..columns {
                    let weight = self.weight(row, column, tile.1, tile.0);
                    let place = [left + column as f64 * side, top + row as f64 * side];
                    canvas.fill(
                        [place[0], place[1], side, side],
                        diverging(weight / self.scale),
                    )?;
                }
            }
            canvas.frame([left, top, width, height], FRAME)?;
        }
        let top = self.size()[1] - 50.0;
        draw_scale(canvas, [MARGIN, top], self.scale)
    }

    fn text(&self, columns: usize, ink: Ink) -> String {
        let [rows, width, ..] = self.shown();
        // About eight pixels a side, so that a 1×1 filter is a patch and a large one as it is.
        let enlarged = (8 / rows.max(width).max(1)).max(1);
        let tiles: Vec<(String, Vec<u8>)> = self
            .tiles()
            .map(|tile| (self.number(tile), self.pixels(tile, enlarged, ink)))
            .collect();
        let Ok(shape) = ImageShape::new(rows * enlarged, width * enlarged, 3) else {
            return String::new();
        };
        let cells: Vec<Cell<'_>> = tiles
            .iter()
            .filter_map(|(number, rgb)| Some(Cell::new(Image::new(shape, rgb).ok()?, number)))
            .collect();
        let number = tiles
            .iter()
            .map(|(number, _)| number.len())
            .max()
            .unwrap_or(0);
        let fitting = (columns + 2) / (shape.width().max(number) + 2);
        let row = match self.shape[2] {
            1 => fitting,
            _ => fitting.min(self.columns()),
        };
        let sheet = Sheet::new(NonZeroUsize::new(row).unwrap_or(NonZeroUsize::MIN), cells);
        let colors = match ink {
            Ink::TrueColor => "blue is positive, orange negative",
            Ink::Grey256 | Ink::Ascii => "brighter is larger",
        };
        let subtitle = self.subtitle().replace("; ", "\n");
        let head = format!("Filters of {}: {colors}\n{subtitle}", self.layer);
        format!("{head}\n{}", sheet.to_text(ink))
    }
}

/// The largest finite weight without its sign; 1 if all are 0, so that it can be divided by.
fn scale(weights: &[f32]) -> f64 {
    let finite = weights.iter().filter(|weight| weight.is_finite());
    match finite.fold(0.0, |most: f64, &weight| most.max(f64::from(weight.abs()))) {
        0.0 => 1.0,
        most => most,
    }
}

/// The bar that says which colour is which weight.
fn draw_scale<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    [left, top]: [f64; 2],
    scale: f64,
) -> Result<(), PlotError> {
    const PARTS: u8 = 44;
    let [length, height] = BAR;
    let part = length / f64::from(PARTS);
    for i in 0..PARTS {
        let share = (f64::from(i) + 0.5) / f64::from(PARTS) * 2.0 - 1.0;
        canvas.fill(
            [left + f64::from(i) * part, top, part, height],
            diverging(share),
        )?;
    }
    canvas.frame([left, top, length, height], FRAME)?;
    let below = top + height + 13.0;
    let number = |value: f64| format!("{value:+.3}").replace('-', "−");
    canvas.text([left, below], &number(-scale), NOTE)?;
    canvas.text([left + length / 2.0, below], "0", NOTE.centred())?;
    canvas.text([left + length, below], &number(scale), NOTE.to_the_left())
}
