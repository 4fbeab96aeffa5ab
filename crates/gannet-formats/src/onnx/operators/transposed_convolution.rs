//! `ConvTranspose`. One of several groups becomes a layer for each, whose channels are put side
//! by side.

use gannet_graph::{Conv2DTranspose, GraphError, LayerKind, Padding, Shape, Tensor, Window};

use super::{
    Operator, cutting, joining, single,
    window::{Image, Sliding},
};
use crate::{
    layout,
    onnx::{
        call::{Call, Given, Stop},
        constant::Constant,
        network::Activation,
        shape::Cut,
    },
};

pub(super) const CONV_TRANSPOSE: Operator = Operator {
    name: "ConvTranspose",
    kinds: &["Conv2DTranspose", "Concatenate"],
    attributes: &[
        ("kernel_shape", "numbers from 1 to 65535"),
        ("strides", "numbers from 1 to 65535"),
        ("pads", "numbers from 0 to 65535"),
        ("auto_pad", "NOTSET, VALID, SAME_UPPER or SAME_LOWER"),
        ("dilations", "numbers from 1 to 65535"),
        ("group", "any that divides the channels"),
        ("output_padding", "numbers from 0 to 65535"),
        ("output_shape", "numbers from 1 to 65535"),
    ],
    import,
};

fn import(call: &mut Call<'_>) -> Given {
    let groups = usize::try_from(call.int("group", 1)).unwrap_or(0);
    let weights = call.constant(1)?;
    let bias = call.optional_constant(2)?;
    let input = call.activation(0)?;
    let image = Image::over(call, input.clone())?;
    let &[channels, filters, ref extents @ ..] = weights.dims.as_slice() else {
        let found = format!("{:?}", weights.dims);
        return Err(call.refuse(
            "input 1",
            found,
            "weights of a channel, a filter and a window",
        ));
    };
    let (sliding, output_padding) = sliding(call, &image, extents)?;
    let [height, width] = sliding.kernel;
    let fits = groups > 0
        && weights.len() == channels * filters * height * width
        && channels == image.channels
        && channels.is_multiple_of(groups)
        && bias
            .as_ref()
            .is_none_or(|bias| Some(bias.len()) == filters.checked_mul(groups));
    if !fits || filters == 0 || channels == 0 {
        let found = call.input_dims();
        let supported = format!("weights of {groups} groups for {} channels", image.channels);
        return Err(call.refuse("inputs", found, supported));
    }
    let of_group = channels / groups;
    let size = of_group * filters * height * width;
    let mut parts = Vec::new();
    for group in 0..groups {
        let cut = Cut {
            axis: 1,
            start: group * of_group,
            len: of_group,
            step: 1,
        };
        let part = cutting::part(call, &input, cut)?;
        let image = Image::over(call, part)?;
        let dims = vec![of_group, filters, height, width];
        let weights = weights.gathered(dims, group * size..(group + 1) * size);
        let bias = bias
            .as_ref()
            .map(|bias| bias.gathered(vec![filters], group * filters..(group + 1) * filters));
        let layer = layer(
            &sliding,
            output_padding,
            image.extents,
            &weights,
            bias.as_ref(),
        );
        let layer = call.built(layer.map_err(Into::into))?;
        let node = call.layer(layer, &[image.node])?;
        let view = image.view_behind(call, node);
        parts.push(Activation { node, view });
    }
    single(joining::side_by_side(call, &parts, 1))
}

/// The layer of weights `[channels, filters, height, width]` over an image of those extents.
fn layer(
    sliding: &Sliding,
    output_padding: [usize; 2],
    [height, width]: [usize; 2],
    weights: &Constant,
    bias: Option<&Constant>,
) -> Result<Conv2DTranspose, GraphError> {
    let [vertical, horizontal] = sliding.pads;
    let padding = Padding::Explicit {
        vertical,
        horizontal,
    };
    let values = weights.to_floats();
    // The same axes as a convolution's, with inputs and outputs in each other's place.
    let kernel = Tensor::from_fn(weights.dims.clone(), |place| values[place]);
    let kernel = layout::kernel_to_last(&kernel).expect("four axes");
    let bias = bias.map(|bias| {
        let values = bias.to_floats();
        Tensor::from_fn([values.len()], |filter| values[filter])
    });
    let window = |padding| {
        let window = Window::new(sliding.kernel, sliding.stride, padding)?;
        window.with_dilation(sliding.dilation)
    };
    let explicit = Conv2DTranspose::new(window(padding)?, kernel.clone(), bias.clone())?
        .with_output_padding(output_padding)?;
    // Other formats have `valid` and `same` alone.
    let image = Shape::from([height, width, explicit.channels()]);
    let given = |layer: &Conv2DTranspose| (layer.cut(), layer.output_shape("", &[&image]).ok());
    for padding in [Padding::Valid, Padding::Same] {
        let named = Conv2DTranspose::new(window(padding)?, kernel.clone(), bias.clone())?;
        if given(&named) == given(&explicit) {
            return Ok(named);
        }
    }
    Ok(explicit)
}

/// The window with what its padding cuts off, and how much more the output has; an output of
/// certain extents decides both.
fn sliding(
    call: &mut Call<'_>,
    image: &Image,
    extents: &[usize],
) -> Result<(Sliding, [usize; 2]), Stop> {
    let mut sliding = Sliding::read(call, image, Some(extents))?;
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
    Ok((sliding, more))
}
