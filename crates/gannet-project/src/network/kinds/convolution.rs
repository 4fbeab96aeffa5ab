//! Convolutions, over images and along sequences.

use gannet_graph::{Conv2D, DepthwiseConv2D, Layer, Shape};

use super::super::entry::Entry;
use super::dense::{affordable, read_regularizer, write_regularizer};
use super::window::{self, Axes, Step};
use super::{Described, function};
use crate::options::{Options, count, flag};

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
    let activation = function::read(options);
    let bias = options.or("bias", flag, true);
    let regularizer = read_regularizer(options);
    let (filters, window, channels) = (filters?, window?, shape.channels());
    let [height, width] = window.kernel();
    affordable(options, &[height, width, channels, filters])?;
    let layer = Conv2D::zeros(window, channels, filters)
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
        function::write(entry, self.activation);
        if self.bias().is_none() {
            entry.put("bias", false);
        }
        write_regularizer(entry, self.kernel_regularizer);
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
