//! `Conv2DTranspose`, and `Conv1DTranspose` over an image one row high.

use gannet_graph::{Conv2DTranspose, Layer, Padding, Window};

use super::{Expected, KerasLayer, Plan, entries, kernel_and_bias};
use crate::keras::{attributes::Attributes, description};

pub(super) const CONV2D_TRANSPOSE: KerasLayer = KerasLayer {
    classes: &[
        "Conv2DTranspose",
        "Convolution2DTranspose",
        "Conv1DTranspose",
    ],
    read,
    write: |layer| match layer {
        Layer::Conv2DTranspose(conv) => Some((
            "Conv2DTranspose",
            entries! {
                "filters": conv.filters(),
                "kernel_size": conv.window().kernel(),
                "strides": conv.window().stride(),
                "padding": conv.window().padding().to_string(),
                "data_format": "channels_last",
                "dilation_rate": conv.window().dilation(),
                "activation": description::function(conv.activation),
                "use_bias": conv.bias().is_some(),
                "kernel_regularizer": description::regularizer(conv.kernel_regularizer),
            },
        )),
        _ => None,
    },
};

fn read(attributes: &mut Attributes<'_>) -> Plan {
    attributes.check_numbers();
    let filters = attributes.extent("filters");
    let window = attributes.window("kernel_size", |_| [1, 1]);
    let more = attributes
        .get("output_padding")
        .is_some()
        .then(|| attributes.output_padding());
    let activation = attributes.activation();
    let regularizer = attributes.regularizer("kernel_regularizer");
    let spatial = attributes.spatial();
    let mut expected = vec![Expected {
        name: "kernel",
        shape: spatial.kernel_shape(window, [Some(filters), None]),
    }];
    if attributes.flag("use_bias", true) {
        expected.push(Expected {
            name: "bias",
            shape: vec![Some(filters)],
        });
    }
    let make = move |weights| {
        let (kernel, bias) = kernel_and_bias(weights);
        let (window, beyond) = match more {
            None => (window, [0; 2]),
            Some(more) => with_output_padding(window, more)?,
        };
        let conv = Conv2DTranspose::new(window, spatial.kernel(kernel)?, bias)?;
        let mut conv = conv
            .with_output_padding(beyond)?
            .with_activation(activation);
        conv.kernel_regularizer = regularizer;
        Ok(conv.into())
    };
    Plan::Weighted(expected, Box::new(make))
}

/// The window with what Keras cuts off where an output padding is given: with padding 'same'
/// twice half the window's extent without the output padding, half of that before, rounded
/// down, as TensorFlow does it. With it, what lies beyond the window's reach.
fn with_output_padding(
    window: Window,
    more: [usize; 2],
) -> Result<(Window, [usize; 2]), gannet_graph::GraphError> {
    let cut = |axis: usize| match window.padding() {
        Padding::Same => 2 * (window.extent()[axis] / 2),
        _ => 0,
    };
    let [vertical, horizontal] = [0, 1].map(|axis| {
        let whole = cut(axis).saturating_sub(more[axis]);
        [whole / 2, whole - whole / 2]
    });
    let padding = Padding::Explicit {
        vertical,
        horizontal,
    };
    let window =
        Window::new(window.kernel(), window.stride(), padding)?.with_dilation(window.dilation())?;
    let beyond = [0, 1].map(|axis| more[axis].saturating_sub(cut(axis)));
    Ok((window, beyond))
}
