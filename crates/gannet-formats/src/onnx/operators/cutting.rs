//! Parts of an axis: `Slice`, `Split`, and `Gather` of indices that are known.

use gannet_graph::{Cropping2D, MaxPool2D, Padding, Window};

use super::{Operator, Single, joining, reshaping, single};
use crate::onnx::{
    call::{Call, Value, one},
    lane::Lane,
    network::Activation,
    shape::{self, Cut},
};

pub(super) const SLICE: Operator = Operator {
    name: "Slice",
    kinds: &["Cropping2D", "Concatenate"],
    attributes: &[
        ("starts", "whole numbers, as attribute or input"),
        ("ends", "whole numbers, as attribute or input"),
        ("axes", "axes but the batch, as attribute or input"),
    ],
    import: |call| {
        let mut numbers = Vec::new();
        for (place, name) in ["starts", "ends", "axes", "steps"].iter().enumerate() {
            numbers.push(call.whole(name, place + 1)?);
        }
        let mut value = call.activation(0)?;
        let cuts = shape::slices(
            &value.view.dims(),
            |_, place| Ok(numbers[place - 1].clone()),
        );
        for cut in call.sound(cuts)? {
            value = part(call, &value, cut)?;
        }
        one(value.node, value.view)
    },
};

pub(super) const SPLIT: Operator = Operator {
    name: "Split",
    kinds: &["Cropping2D"],
    attributes: &[
        ("axis", "any axis but the batch"),
        ("split", "whole numbers, as attribute or input"),
        ("num_outputs", "any"),
    ],
    import: |call| {
        let named = call.whole("split", 1)?;
        let value = call.activation(0)?;
        let axis = call.axis(call.int("axis", 0), value.view.rank())?;
        let extent = value.view.dims()[axis];
        let parts = call.node.output.len();
        let lens: Vec<usize> = match named {
            Some(named) => named
                .iter()
                .map(|&len| usize::try_from(len).unwrap_or(0))
                .collect(),
            // As equal as can be; the last is the smallest.
            None => {
                let len = extent.div_ceil(parts.max(1));
                (0..parts)
                    .map(|part| len.min(extent.saturating_sub(part * len)))
                    .collect()
            }
        };
        if lens.len() != parts || lens.iter().sum::<usize>() != extent || lens.contains(&0) {
            let found = format!("{lens:?}");
            let supported = format!("{parts} parts that make up the {extent} of the axis");
            return Err(call.refuse("split", found, supported));
        }
        let mut given = Vec::new();
        let mut start = 0;
        for len in lens {
            let step = 1;
            let cut = Cut {
                axis,
                start,
                len,
                step,
            };
            given.push(Value::Activation(part(call, &value, cut)?));
            start += len;
        }
        Ok(given)
    },
};

pub(super) const GATHER: Operator = Operator {
    name: "Gather",
    kinds: &["Cropping2D", "Concatenate"],
    attributes: &[("axis", "any axis but the batch")],
    import: |call| {
        let constant = call.constant(1)?;
        let value = call.activation(0)?;
        let axis = call.axis(call.int("axis", 0), value.view.rank())?;
        let extent = value.view.dims()[axis];
        let indices = constant.as_ints().filter(|indices| !indices.is_empty());
        let Some(indices) = indices else {
            let found = format!("{:?}", constant.dims);
            return Err(call.refuse("input 1", found, "whole numbers, one or more"));
        };
        let places = shape::axes(indices, extent);
        let places = call.sound(places)?;
        let gathered = gathered(call, &value, axis, &places)?;
        // The axis becomes as many as the indices have.
        let mut dims = gathered.view.dims();
        dims.splice(axis..=axis, constant.dims.iter().copied());
        single(reshaping::reshaped(call, gathered, &dims))
    },
};

/// The values at `places` of an axis, one or more, in that order. Neighbours are cut out as one.
pub(super) fn gathered(
    call: &mut Call<'_>,
    value: &Activation,
    axis: usize,
    places: &[usize],
) -> Single {
    let mut cuts: Vec<Cut> = Vec::new();
    for &start in places {
        match cuts.last_mut() {
            Some(cut) if cut.start + cut.len == start => cut.len += 1,
            _ => cuts.push(Cut {
                axis,
                start,
                len: 1,
                step: 1,
            }),
        }
    }
    let mut parts = Vec::with_capacity(cuts.len());
    for cut in cuts {
        parts.push(part(call, value, cut)?);
    }
    joining::side_by_side(call, &parts, axis)
}

/// The part of a value that a cut names. Every so many-eth value is the largest of a window
/// of one; backwards, values are cut out one by one.
pub(super) fn part(call: &mut Call<'_>, value: &Activation, cut: Cut) -> Single {
    let Cut {
        axis,
        start,
        len,
        step,
    } = cut;
    let extent = value.view.dims()[axis];
    if (start, len, step) == (0, extent, 1) {
        return Ok(value.clone());
    }
    if len == 0 {
        let found = format!("no value of the {extent} of axis {axis}");
        return Err(call.refuse("starts", found, "one value or more"));
    }
    let Ok(step) = usize::try_from(step) else {
        let back = step.unsigned_abs();
        let places: Vec<usize> = (0..len).map(|i| start - i * back).collect();
        return gathered(call, value, axis, &places);
    };
    let lane = Lane::of(call, value, axis)?;
    let end = start + (len - 1) * step + 1;
    let [vertical, horizontal] = lane.pair([start, extent - end]);
    let mut node = lane.node;
    if [vertical, horizontal] != [[0; 2]; 2] {
        node = call.layer(Cropping2D::new(vertical, horizontal), &[node])?;
    }
    if step > 1 {
        let strides = lane.pair([step; 2]).map(|[stride, _]| stride.max(1));
        let window = Window::new([1, 1], strides, Padding::Valid).map_err(Into::into);
        let window = call.built(window)?;
        node = call.layer(MaxPool2D::new(window), &[node])?;
    }
    Ok(lane.with_extent(node, len))
}
