//! Convolutions, over images and along sequences.

use gannet_graph::{Conv2D, Conv2DTranspose, DepthwiseConv2D, Layer, Shape};
use toml::de::DeValue;

use super::super::entry::Entry;
use super::dense::{affordable, read_regularizer, write_regularizer};
use super::window::{self, Axes, Step};
use super::{Described, function};
use crate::options::{Expected, Options, count, flag, list, size};

/// A convolution along a sequence is one over an image of one pixel's width.
pub const SEQUENCE_KINDS: &[&str] = &["Conv1D"];

/// The layer, if `kind` is one along a sequence.
pub fn read_sequence(
    kind: &str,
    options: &mut Options<'_>,
    shape: &Shape,
) -> Option<Option<Layer>> {
    let layer = || convolution(options, Axes::Sequence, shape).map(Layer::from);
    SEQUENCE_KINDS.contains(&kind).then(layer)
}

fn convolution(options: &mut Options<'_>, axes: Axes, shape: &Shape) -> Option<Conv2D> {
    let filters = options.required("filters", count);
    let window = window::read(options, "kernel", Step::One, axes, shape);
    let groups = options.or("groups", count, 1);
    let activation = function::read(options);
    let bias = options.or("bias", flag, true);
    let regularizer = read_regularizer(options);
    let (filters, window, channels) = (filters?, window?, shape.channels() / groups);
    let [height, width] = window.kernel();
    affordable(options, &[height, width, channels, filters])?;
    let layer = Conv2D::zeros(window, channels, filters).with_groups(groups);
    let layer = options
        .check(layer)?
        .with_activation(activation)
        .with_kernel_regularizer(regularizer);
    Some(if bias { layer.with_bias() } else { layer })
}

impl Described for Conv2D {
    fn read(options: &mut Options<'_>, shape: &Shape) -> Option<Self> {
        convolution(options, Axes::Image, shape)
    }

    fn write(&self, entry: &mut Entry) {
        entry.put("filters", self.filters());
        window::write(entry, "kernel", Step::One, self.window());
        if self.groups() > 1 {
            entry.put("groups", self.groups());
        }
        function::write(entry, self.activation);
        if self.bias().is_none() {
            entry.put("bias", false);
        }
        write_regularizer(entry, self.kernel_regularizer);
    }
}

impl Described for Conv2DTranspose {
    fn read(options: &mut Options<'_>, shape: &Shape) -> Option<Self> {
        let filters = options.required("filters", count);
        let window = window::read(options, "kernel", Step::One, Axes::Image, shape);
        let beyond = options.or("output_padding", sizes, [0; 2]);
        let activation = function::read(options);
        let bias = options.or("bias", flag, true);
        let regularizer = read_regularizer(options);
        let (filters, window, channels) = (filters?, window?, shape.channels());
        let [height, width] = window.kernel();
        affordable(options, &[height, width, filters, channels])?;
        let layer = Conv2DTranspose::zeros(window, channels, filters).with_output_padding(beyond);
        let mut layer = options.check(layer)?.with_activation(activation);
        layer.kernel_regularizer = regularizer;
        Some(if bias { layer.with_bias() } else { layer })
    }

    fn write(&self, entry: &mut Entry) {
        entry.put("filters", self.filters());
        window::write(entry, "kernel", Step::One, self.window());
        if self.output_padding() != [0; 2] {
            entry.put(
                "output_padding",
                format_args!("{:?}", self.output_padding()),
            );
        }
        function::write(entry, self.activation);
        if self.bias().is_none() {
            entry.put("bias", false);
        }
        write_regularizer(entry, self.kernel_regularizer);
    }
}

/// `1`, or `[0, 1]`: vertical and horizontal.
fn sizes(value: &DeValue<'_>) -> Result<[usize; 2], Expected> {
    match (size(value), list(value, size).as_deref()) {
        (Some(both), _) => Ok([both, both]),
        (_, Some(&[vertical, horizontal])) => Ok([vertical, horizontal]),
        _ => Err("a whole number, or two: [vertical, horizontal]".into()),
    }
}

impl Described for DepthwiseConv2D {
    fn read(options: &mut Options<'_>, shape: &Shape) -> Option<Self> {
        let window = window::read(options, "kernel", Step::One, Axes::Image, shape);
        let multiplier = options.or("multiplier", count, 1);
        let activation = function::read(options);
        let bias = options.or("bias", flag, true);
        let regularizer = read_regularizer(options);
        let (window, channels) = (window?, shape.channels());
        let [height, width] = window.kernel();
        affordable(options, &[height, width, channels, multiplier])?;
        let mut layer =
            DepthwiseConv2D::zeros(window, channels, multiplier).with_activation(activation);
        layer.kernel_regularizer = regularizer;
        Some(if bias { layer.with_bias() } else { layer })
    }

    fn write(&self, entry: &mut Entry) {
        window::write(entry, "kernel", Step::One, self.window());
        if self.multiplier() != 1 {
            entry.put("multiplier", self.multiplier());
        }
        function::write(entry, self.activation);
        if self.bias().is_none() {
            entry.put("bias", false);
        }
        write_regularizer(entry, self.kernel_regularizer);
    }
}
