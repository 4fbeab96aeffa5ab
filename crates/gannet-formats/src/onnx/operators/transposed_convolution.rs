//! `ConvTranspose`.

use gannet_graph::{Conv2DTranspose, Padding, Tensor, Window};

use super::{
    Operator, convolution,
    window::{Image, Sliding},
};
use crate::{
    layout,
    onnx::call::{Call, Given, one},
};

pub(super) const CONV_TRANSPOSE: Operator = Operator {
    name: "ConvTranspose",
    kinds: &["Conv2DTranspose"],
    attributes: &[
        ("kernel_shape", "numbers from 1 to 65535"),
        ("strides", "numbers from 1 to 65535"),
        ("pads", "numbers from 0 to 65535"),
        ("auto_pad", "NOTSET, VALID, SAME_UPPER or SAME_LOWER"),
        ("dilations", "numbers from 1 to 65535"),
        ("group", "1"),
        ("output_padding", "numbers from 0 to 65535"),
        ("output_shape", "numbers from 1 to 65535"),
    ],
    import,
};

fn import(call: &mut Call<'_>) -> Given {
    call.only("group", 1);
    let weights = call.constant(1)?;
    let bias = call.optional_constant(2)?;
    let image = Image::of(call)?;
    let &[channels, filters, ref extents @ ..] = weights.dims.as_slice() else {
        let found = format!("{:?}", weights.dims);
        return Err(call.refuse(
            "input 1",
            found,
            "weights of a channel, a filter and a window",
        ));
    };
    let mut sliding = Sliding::read(call, &image, Some(extents))?;
    let [height, width] = sliding.kernel;
    let fits = weights.len() == channels * filters * height * width
        && channels == image.channels
        && bias.as_ref().is_none_or(|bias| bias.len() == filters);
    if !fits || filters == 0 {
        let found = call.input_dims();
        let supported = format!("weights for {} channels", image.channels);
        return Err(call.refuse("inputs", found, supported));
    }
    let numbers = |name| call.ints(name).map(<[i64]>::to_vec);
    let (output, more) = (numbers("output_shape"), numbers("output_padding"));
    let of_image = |numbers: &[i64]| -> Option<[usize; 2]> {
        let numbers: Option<Vec<usize>> = numbers
            .iter()
            .map(|&n| usize::try_from(n).ok().filter(|&n| n < 1 << 16))
            .collect();
        match (numbers?.as_slice(), image.is_sequence()) {
            (&[length], true) => Some([1, length]),
            (&[height, width], false) => Some([height, width]),
            // The whole shape, as some versions have it.
            (&[_, _, height, width], false) => Some([height, width]),
            _ => None,
        }
    };
    let mut more = match more.as_deref().map(of_image) {
        None => [0; 2],
        // A sequence is one row high, not one row higher.
        Some(Some([_, length])) if image.is_sequence() => [0, length],
        Some(Some(more)) => more,
        Some(None) => {
            let found = format!("{:?}", call.ints("output_padding"));
            return Err(call.refuse("output_padding", found, "numbers from 0 to 65535"));
        }
    };
    let rule = call.text("auto_pad", "NOTSET");
    let same = rule.starts_with("SAME");
    let wanted = match output.as_deref().map(of_image) {
        Some(Some(wanted)) => Some(wanted),
        None if same => Some([0, 1].map(|axis| image.extents[axis] * sliding.stride[axis])),
        None => None,
        Some(None) => {
            let found = format!("{output:?}");
            return Err(call.refuse("output_shape", found, "extents of an image"));
        }
    };
    if let Some(wanted) = wanted {
        for axis in 0..2 {
            let reached =
                (image.extents[axis] - 1) * sliding.stride[axis] + sliding.reach(axis) + more[axis];
            let cut = reached.saturating_sub(wanted[axis]);
            // The odd one lies behind if the rule says so, else before.
            let before = if rule == "SAME_UPPER" {
                cut / 2
            } else {
                cut - cut / 2
            };
            sliding.pads[axis] = [before, cut - before];
            more[axis] += wanted[axis].saturating_sub(reached);
        }
    }
    let [vertical, horizontal] = sliding.pads;
    let padding = Padding::Explicit {
        vertical,
        horizontal,
    };
    let kernel = convolution::kernel(&weights, [channels, filters, height, width]);
    // The same axes as a convolution's, with inputs and outputs in each other's place.
    let Some(kernel) = layout::kernel_to_last(&kernel) else {
        let found = call.input_dims();
        return Err(call.refuse("inputs", found, "weights of four axes"));
    };
    let bias = bias.map(|bias| {
        let values = bias.to_floats();
        Tensor::from_fn([filters], |filter| values[filter])
    });
    let layer = Window::new(sliding.kernel, sliding.stride, padding)
        .and_then(|window| window.with_dilation(sliding.dilation))
        .and_then(|window| Conv2DTranspose::new(window, kernel, bias))
        .and_then(|layer| layer.with_output_padding(more));
    let layer = call.built(layer.map_err(Into::into))?;
    let node = call.layer(layer, &[image.node])?;
    one(node, image.view_behind(call, node))
}
