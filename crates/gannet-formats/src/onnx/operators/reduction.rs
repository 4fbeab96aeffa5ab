//! Means and maxima over whole axes.

use gannet_graph::{AveragePool2D, GlobalAveragePool2D, Layer, MaxPool2D, Padding, Window};

use super::{Operator, Single, single};
use crate::onnx::{
    call::{Call, Stop},
    network::Activation,
    shape,
    view::{Axis, View},
};

pub(super) const GLOBAL_AVERAGE_POOL: Operator = Operator {
    name: "GlobalAveragePool",
    kinds: &["GlobalAveragePooling2D"],
    attributes: &[],
    import: |call| {
        let axes = spatial_axes(call)?;
        single(reduce(call, &axes, true, Of::Mean))
    },
};

pub(super) const GLOBAL_MAX_POOL: Operator = Operator {
    name: "GlobalMaxPool",
    kinds: &["MaxPooling2D"],
    attributes: &[],
    import: |call| {
        let axes = spatial_axes(call)?;
        single(reduce(call, &axes, true, Of::Maximum))
    },
};

pub(super) const REDUCE_MEAN: Operator = Operator {
    name: "ReduceMean",
    kinds: &["GlobalAveragePooling2D"],
    attributes: &[
        ("axes", "axes but the batch, as attribute or input"),
        ("keepdims", "0 or 1"),
        ("noop_with_empty_axes", "0 or 1"),
    ],
    import: |call| {
        let axes = named_axes(call)?;
        let keep = call.flag("keepdims", true);
        single(reduce(call, &axes, keep, Of::Mean))
    },
};

pub(super) const REDUCE_MAX: Operator = Operator {
    name: "ReduceMax",
    kinds: &["MaxPooling2D"],
    attributes: &[
        ("axes", "axes but the batch, as attribute or input"),
        ("keepdims", "0 or 1"),
        ("noop_with_empty_axes", "0 or 1"),
    ],
    import: |call| {
        let axes = named_axes(call)?;
        let keep = call.flag("keepdims", true);
        single(reduce(call, &axes, keep, Of::Maximum))
    },
};

/// What is taken of the values.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Mean,
    Maximum,
}

/// All axes behind batch and channels.
fn spatial_axes(call: &mut Call<'_>) -> Result<Vec<usize>, Stop> {
    let input = call.activation(0)?;
    call.check_batch(&input.view)?;
    Ok((2..input.view.rank()).collect())
}

/// The axes that the node names, by attribute or input; all if it names none.
fn named_axes(call: &mut Call<'_>) -> Result<Vec<usize>, Stop> {
    let named = call.whole("axes", 1)?;
    let rank = call.activation(0)?.view.rank();
    match named {
        Some(named) if !named.is_empty() => {
            let axes = shape::axes(&named, rank);
            call.sound(axes)
        }
        _ if call.flag("noop_with_empty_axes", false) => Ok(Vec::new()),
        _ => Ok((0..rank).collect()),
    }
}

fn reduce(call: &mut Call<'_>, axes: &[usize], keep: bool, of: Of) -> Single {
    let input = call.activation(0)?;
    let mut gone = call.factors(&input.view, axes)?;
    gone.sort_unstable();
    let kept_axes = |view: &View| -> Vec<Axis> {
        let each = view.axes().iter().enumerate();
        let kept = each.filter_map(|(axis, over)| match axes.contains(&axis) {
            false => Some(over.clone()),
            true => keep.then(|| Axis::Of(Vec::new())),
        });
        kept.collect()
    };
    let Some(&first) = gone.first() else {
        // A mean of one value is that value.
        let view = input.view.with_axes(kept_axes(&input.view));
        return Ok(Activation { view, ..input });
    };
    let (value, gone) = together(call, &input, gone, first)?;
    let node = reduced(call, &value, &gone, of)?;
    let factors = value.view.factors();
    let end = gone.end;
    let left = [&factors[..gone.start], &factors[end..]].concat();
    let renamed = |axis: Axis| match axis {
        Axis::Of(factors) => {
            let moved = |factor: usize| {
                if factor < end {
                    factor
                } else {
                    factor - gone.len()
                }
            };
            Axis::Of(factors.into_iter().map(moved).collect())
        }
        Axis::Batch => Axis::Batch,
    };
    let axes = kept_axes(&value.view).into_iter().map(renamed).collect();
    Ok(Activation {
        node,
        view: View::over(left, axes, value.view.batch()),
    })
}

/// The value with the factors `gone` side by side in the memory: where they are if they are
/// so, else in front of all others.
fn together(
    call: &mut Call<'_>,
    input: &Activation,
    gone: Vec<usize>,
    first: usize,
) -> Result<(Activation, std::ops::Range<usize>), Stop> {
    let run = first..first + gone.len();
    if gone.iter().copied().eq(run.clone()) {
        return Ok((input.clone(), run));
    }
    let others = (0..input.view.factors().len()).filter(|factor| !gone.contains(factor));
    let order: Vec<usize> = gone.iter().copied().chain(others).collect();
    let moved = call.network.ordered(input, &order);
    Ok((call.built(moved)?, 0..gone.len()))
}

/// Adds the layer that reduces the factors `gone`: over an image `[height, width, channels]`
/// whose rows and columns they are, or over the columns of one with what lies outside them as
/// its rows.
fn reduced(
    call: &mut Call<'_>,
    value: &Activation,
    gone: &std::ops::Range<usize>,
    of: Of,
) -> Result<gannet_graph::NodeId, Stop> {
    let factors = value.view.factors();
    let size = |part: &[usize]| part.iter().product::<usize>();
    let (outside, inside) = (size(&factors[..gone.start]), size(&factors[gone.end..]));
    let reduced = &factors[gone.clone()];
    let dims = match (outside, reduced) {
        // As the image is, so that nothing has to be reshaped.
        (1, [rows, columns]) => [*rows, *columns, inside],
        _ => [outside, size(reduced), inside],
    };
    let image = call.network.shaped(value.node, &dims);
    let image = call.built(image)?;
    let kernel = if outside == 1 {
        [dims[0], dims[1]]
    } else {
        [1, dims[1]]
    };
    let window = Window::new(kernel, kernel, Padding::Valid);
    let window = call.built(window.map_err(Into::into))?;
    let layer: Layer = match of {
        Of::Mean if outside == 1 => GlobalAveragePool2D.into(),
        Of::Mean => AveragePool2D::new(window).into(),
        Of::Maximum => MaxPool2D::new(window).into(),
    };
    call.layer(layer, &[image])
}
