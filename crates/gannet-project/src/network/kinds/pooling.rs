//! Pooling, over images and along sequences.

use gannet_graph::{AveragePool2D, Layer, MaxPool2D, Shape, Window};

use super::super::entry::Entry;
use super::Described;
use super::window::{self, Axes, Step};
use crate::options::Options;

/// Pooling along a sequence is pooling over an image of one pixel's width.
pub const SEQUENCE_KINDS: &[&str] = &["MaxPooling1D", "AveragePooling1D"];

/// The layer, if `kind` is one along a sequence.
pub fn read_sequence(
    kind: &str,
    options: &mut Options<'_>,
    shape: &Shape,
) -> Option<Option<Layer>> {
    let make: fn(Window) -> Layer = match kind {
        "MaxPooling1D" => |window| MaxPool2D::new(window).into(),
        "AveragePooling1D" => |window| AveragePool2D::new(window).into(),
        _ => return None,
    };
    Some(pool(options, Axes::Sequence, shape).map(make))
}

fn pool(options: &mut Options<'_>, axes: Axes, shape: &Shape) -> Option<Window> {
    window::read(options, "pool", Step::Extent, axes, shape)
}

impl Described for MaxPool2D {
    fn read(options: &mut Options<'_>, shape: &Shape) -> Option<Self> {
        pool(options, Axes::Image, shape).map(MaxPool2D::new)
    }

    fn write(&self, entry: &mut Entry) {
        window::write(entry, "pool", Step::Extent, self.window);
    }
}

impl Described for AveragePool2D {
    fn read(options: &mut Options<'_>, shape: &Shape) -> Option<Self> {
        pool(options, Axes::Image, shape).map(AveragePool2D::new)
    }

    fn write(&self, entry: &mut Entry) {
        window::write(entry, "pool", Step::Extent, self.window);
    }
}
