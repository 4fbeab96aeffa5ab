//! `SeparableConv2D` and `SeparableConv1D`: read as the two convolutions that they are, one
//! of each channel by itself and one of 1×1 pixels across the channels.

use gannet_graph::{Conv2D, DepthwiseConv2D, Padding, Window};

use super::{Expected, KerasLayer, Plan, depthwise_conv2d, kernel_and_bias};
use crate::keras::attributes::Attributes;

pub(super) const SEPARABLE_CONV2D: KerasLayer = KerasLayer {
    classes: &[
        "SeparableConv2D",
        "SeparableConvolution2D",
        "SeparableConv1D",
        "SeparableConvolution1D",
    ],
    read,
    write: |_| None,
};

fn read(attributes: &mut Attributes<'_>) -> Plan {
    attributes.check_numbers();
    let filters = attributes.extent("filters");
    let multiplier = attributes.extent("depth_multiplier");
    let window = attributes.window("kernel_size", |_| [1, 1]);
    attributes.only("groups", &[1.into()]);
    let activation = attributes.activation();
    let depthwise_regularizer = attributes.regularizer("depthwise_regularizer");
    let pointwise_regularizer = attributes.regularizer("pointwise_regularizer");
    let spatial = attributes.spatial();
    let pixel = Window::new([1, 1], [1, 1], Padding::Valid).expect("a pixel has an extent");
    let mut expected = vec![
        Expected {
            name: depthwise_conv2d::KERNEL,
            shape: spatial.kernel_shape(window, [None, Some(multiplier)]),
        },
        Expected {
            name: "pointwise_kernel",
            shape: spatial.kernel_shape(pixel, [None, Some(filters)]),
        },
    ];
    if attributes.flag("use_bias", true) {
        expected.push(Expected {
            name: "bias",
            shape: vec![Some(filters)],
        });
    }
    let make = move |mut weights: Vec<_>| {
        let kernel = spatial.kernel(weights.remove(0))?;
        let mut depthwise = DepthwiseConv2D::new(window, kernel, None)?;
        depthwise.kernel_regularizer = depthwise_regularizer;
        let (kernel, bias) = kernel_and_bias(weights);
        let pointwise = Conv2D::new(pixel, spatial.kernel(kernel)?, bias)?
            .with_activation(activation)
            .with_kernel_regularizer(pointwise_regularizer);
        Ok([depthwise.into(), pointwise.into()])
    };
    Plan::Separable(expected, Box::new(make))
}
