//! `Conv2D`, and `Conv1D` over an image one row high.

use gannet_graph::{Conv2D, Layer};

use super::{Expected, KerasLayer, Plan, entries, kernel_and_bias};
use crate::keras::{attributes::Attributes, description, spatial::Spatial};

pub(super) const CONV2D: KerasLayer = KerasLayer {
    classes: &["Conv2D", "Convolution2D", "Conv1D", "Convolution1D"],
    read,
    write: |layer| match layer {
        Layer::Conv2D(conv) => Some((
            "Conv2D",
            entries! {
                "filters": conv.filters(),
                "kernel_size": conv.window().kernel(),
                "strides": conv.window().stride(),
                "padding": conv.window().padding().to_string(),
                "data_format": "channels_last",
                "dilation_rate": conv.window().dilation(),
                "groups": conv.groups(),
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
    let groups = attributes.extent_or("groups", 1);
    let activation = attributes.activation();
    let regularizer = attributes.regularizer("kernel_regularizer");
    let spatial = attributes.spatial();
    let mut shape = spatial.kernel_shape(window, [None, Some(filters)]);
    if spatial == Spatial::Sequence && attributes.is_of_keras_1() {
        // It took the sequence for an image one column wide.
        shape.insert(1, Some(1));
    }
    let mut expected = vec![Expected {
        name: "kernel",
        shape,
    }];
    if attributes.flag("use_bias", true) {
        expected.push(Expected {
            name: "bias",
            shape: vec![Some(filters)],
        });
    }
    let make = move |weights| {
        let (kernel, bias) = kernel_and_bias(weights);
        let conv = Conv2D::new(window, spatial.kernel(kernel)?, bias)?;
        Ok(conv
            .with_groups(groups)?
            .with_activation(activation)
            .with_kernel_regularizer(regularizer)
            .into())
    };
    Plan::Weighted(expected, Box::new(make))
}
