//! `DepthwiseConv2D`, and `DepthwiseConv1D` over an image one row high.

use gannet_graph::{DepthwiseConv2D, Layer};

use super::{Expected, KerasLayer, Plan, entries, kernel_and_bias};
use crate::keras::{attributes::Attributes, description};

pub(super) const DEPTHWISE_CONV2D: KerasLayer = KerasLayer {
    classes: &["DepthwiseConv2D", "DepthwiseConv1D"],
    read,
    write: |layer| match layer {
        Layer::DepthwiseConv2D(depthwise) => Some((
            "DepthwiseConv2D",
            entries! {
                "kernel_size": depthwise.window().kernel(),
                "strides": depthwise.window().stride(),
                "padding": depthwise.window().padding().to_string(),
                "depth_multiplier": depthwise.multiplier(),
                "data_format": "channels_last",
                "dilation_rate": depthwise.window().dilation(),
                "activation": description::function(depthwise.activation),
                "use_bias": depthwise.bias().is_some(),
                "depthwise_regularizer": description::regularizer(depthwise.kernel_regularizer),
            },
        )),
        _ => None,
    },
};

/// What Keras 2 calls the kernel; Keras 3 calls it `kernel`, and both go by the order.
pub(super) const KERNEL: &str = "depthwise_kernel";

fn read(attributes: &mut Attributes<'_>) -> Plan {
    attributes.check_numbers();
    let multiplier = attributes.extent("depth_multiplier");
    let window = attributes.window("kernel_size", |_| [1, 1]);
    attributes.only("groups", &[1.into()]);
    let activation = attributes.activation();
    let regularizer = attributes.regularizer("depthwise_regularizer");
    let spatial = attributes.spatial();
    let mut expected = vec![Expected {
        name: KERNEL,
        shape: spatial.kernel_shape(window, [None, Some(multiplier)]),
    }];
    if attributes.flag("use_bias", true) {
        expected.push(Expected {
            name: "bias",
            shape: vec![None],
        });
    }
    let make = move |weights| {
        let (kernel, bias) = kernel_and_bias(weights);
        let depthwise = DepthwiseConv2D::new(window, spatial.kernel(kernel)?, bias)?;
        let mut depthwise = depthwise.with_activation(activation);
        depthwise.kernel_regularizer = regularizer;
        Ok(depthwise.into())
    };
    Plan::Weighted(expected, Box::new(make))
}
