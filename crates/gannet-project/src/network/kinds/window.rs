//! Keys of a sliding window: its extents, `strides`, `dilation` and `padding`.

use gannet_graph::{Padding, Shape, Window};
use toml::de::DeValue;

use super::super::entry::Entry;
use super::shapes::{border, write_border};
use crate::fault::Fault;
use crate::options::{Expected, Options, Reader, count, list};

/// Along which axes a window slides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axes {
    /// Over an image.
    Image,
    /// Along a sequence: an image of one pixel's width.
    Sequence,
}

/// A step of its own for pooling is the window's extent, for convolution 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    One,
    Extent,
}

/// A window whose extents are under `extent`.
pub fn read(
    options: &mut Options<'_>,
    extent: &'static str,
    step: Step,
    axes: Axes,
    shape: &Shape,
) -> Option<Window> {
    let reader: Reader<[usize; 2]> = match axes {
        Axes::Image => pair,
        Axes::Sequence => along,
    };
    let kernel = options.required(extent, reader);
    let strides = options.optional("strides", reader);
    let dilation = options.or("dilation", reader, [1, 1]);
    let padding = options.or("padding", padding, Padding::Valid);
    if axes == Axes::Sequence && shape.as_image().is_none_or(|[_, width, _]| width != 1) {
        let message = format!(
            "{} works on sequences, but its input is {shape}",
            options.name()
        );
        let fault = Fault::new(options.span(), message);
        options.fault(fault.hint("a sequence has the shape [length, 1, channels]"));
    }
    let kernel = kernel?;
    let own = match step {
        Step::One => [1, 1],
        Step::Extent => kernel,
    };
    let window = Window::new(kernel, strides.unwrap_or(own), padding);
    options.check(window.and_then(|window| window.with_dilation(dilation)))
}

/// The keys that give the window back.
pub fn write(entry: &mut Entry, extent: &str, step: Step, window: Window) {
    entry.put_pair(extent, window.kernel());
    let own = match step {
        Step::One => [1, 1],
        Step::Extent => window.kernel(),
    };
    if window.stride() != own {
        entry.put_pair("strides", window.stride());
    }
    if window.dilation() != [1, 1] {
        entry.put_pair("dilation", window.dilation());
    }
    match window.padding() {
        Padding::Valid => {}
        Padding::Same => entry.put_text("padding", "same"),
        Padding::Explicit {
            vertical,
            horizontal,
        } => write_border(entry, "padding", [vertical, horizontal]),
    }
}

/// `3`, or `[3, 5]`: vertical and horizontal.
pub fn pair(value: &DeValue<'_>) -> Result<[usize; 2], Expected> {
    let each = |value: &DeValue<'_>| count(value).ok();
    match (each(value), list(value, each).as_deref()) {
        (Some(both), _) => Ok([both, both]),
        (_, Some(&[vertical, horizontal])) => Ok([vertical, horizontal]),
        _ => Err("a whole number from 1 on, or two: [vertical, horizontal]".into()),
    }
}

fn along(value: &DeValue<'_>) -> Result<[usize; 2], Expected> {
    count(value).map(|along| [along, 1])
}

fn padding(value: &DeValue<'_>) -> Result<Padding, Expected> {
    match value.as_str() {
        Some("valid") => Ok(Padding::Valid),
        Some("same") => Ok(Padding::Same),
        Some(_) => Err(Expected::one_of(&["valid", "same"])),
        None => border(value)
            .map(|[vertical, horizontal]| Padding::Explicit {
                vertical,
                horizontal,
            })
            .map_err(|_| {
                "\"valid\", \"same\", a whole number, [vertical, horizontal] or [[top, bottom], [left, right]]".into()
            }),
    }
}
