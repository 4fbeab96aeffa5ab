//! Convolution.

use gannet_graph::{Conv2D, DepthwiseConv2D, Layer, Tensor};

use super::{
    Operator,
    window::{Image, Sliding},
};
use crate::{
    layout,
    onnx::{
        call::{Call, Given, one},
        constant::Constant,
    },
};

pub(super) const CONV: Operator = Operator {
    name: "Conv",
    kinds: &["Conv2D", "DepthwiseConv2D"],
    attributes: &[
        ("kernel_shape", "numbers from 1 to 65535"),
        ("strides", "numbers from 1 to 65535"),
        ("pads", "numbers from 0 to 65535"),
        ("auto_pad", "NOTSET, VALID, SAME_UPPER or SAME_LOWER"),
        ("dilations", "numbers from 1 to 65535"),
        ("group", "any that divides the channels"),
    ],
    import: convolve,
};

fn convolve(call: &mut Call<'_>) -> Given {
    let groups = call.int("group", 1);
    let weights = call.constant(1);
    let bias = call.optional_constant(2);
    let image = Image::of(call)?;
    let (weights, bias) = (weights?, bias?);
    let [outputs, per_group, extents @ ..] = weights.dims.as_slice() else {
        let found = format!("{:?}", weights.dims);
        return Err(call.refuse(
            "input 1",
            found,
            "weights of a channel, a filter and a window",
        ));
    };
    let (outputs, per_group) = (*outputs, *per_group);
    let sliding = Sliding::read(call, &image, Some(extents))?;
    let groups = usize::try_from(groups).unwrap_or(0);
    let [height, width] = sliding.kernel;
    let fits = weights.len() == outputs * per_group * height * width
        && groups.checked_mul(per_group) == Some(image.channels)
        && outputs.is_multiple_of(groups);
    if !fits || outputs == 0 {
        let found = call.input_dims();
        let supported = format!(
            "weights of {groups} groups for {} channels and a window of {height}×{width}",
            image.channels
        );
        return Err(call.refuse("inputs", found, supported));
    }
    let bias = match bias {
        Some(bias) => Some(bias.to_floats()),
        None => call.following_bias(outputs, if image.is_sequence() { 1 } else { 2 }),
    };
    if bias.as_ref().is_some_and(|bias| bias.len() != outputs) {
        let found = call.input_dims();
        return Err(call.refuse("input 2", found, format!("a bias of {outputs} values")));
    }
    let bias = bias.map(|bias| Tensor::from_fn([outputs], |output| bias[output]));
    let kernel = kernel(&weights, [outputs, per_group, height, width]);
    let window = sliding.window(image.extents);
    let window = call.built(window.map_err(Into::into))?;
    let layer = if groups > 1 && per_group == 1 {
        layout::depthwise_to_last(&kernel, groups)
            .map(|kernel| DepthwiseConv2D::new(window, kernel, bias).map(Layer::from))
    } else {
        let conv = |kernel| Conv2D::new(window, kernel, bias)?.with_groups(groups);
        layout::kernel_to_last(&kernel).map(|kernel| conv(kernel).map(Layer::from))
    };
    let Some(layer) = layer else {
        let found = call.input_dims();
        return Err(call.refuse("inputs", found, "weights of four axes"));
    };
    let layer = call.built(layer.map_err(Into::into))?;
    let node = call.layer(layer, &[image.node])?;
    one(node, image.view_behind(call, node))
}

/// The weights as a kernel of four axes; those of a sequence get one row.
fn kernel(weights: &Constant, dims: [usize; 4]) -> Tensor {
    let values = weights.to_floats();
    Tensor::from_fn(dims, |place| values[place])
}
