//! `Pad`: a border of zeros.

use gannet_graph::{NodeId, ZeroPadding2D};

use super::Operator;
use crate::onnx::{
    call::{Call, Given, one},
    lane::Lane,
    shape,
};

pub(super) const PAD: Operator = Operator {
    name: "Pad",
    kinds: &["ZeroPadding2D"],
    attributes: &[
        ("mode", "constant"),
        ("pads", "numbers from 0 to 65535"),
        ("value", "0, as attribute or input"),
    ],
    import: pad,
};

fn pad(call: &mut Call<'_>) -> Given {
    let mode = call.text("mode", "constant");
    if mode != "constant" {
        call.refuse("mode", mode, "constant");
    }
    let value = call.scalar(2)?.unwrap_or_else(|| call.float("value", 0.0));
    if value != 0.0 {
        call.refuse("value", value, "0");
    }
    let Some(pads) = call.whole("pads", 1)? else {
        return Err(call.refuse("pads", "absent", "whole numbers"));
    };
    let named = call.whole("axes", 3)?;
    let value = call.activation(0)?;
    let rank = value.view.rank();
    let axes = match named {
        Some(named) => {
            let axes = shape::axes(&named, rank);
            call.sound(axes)?
        }
        None => (0..rank).collect(),
    };
    if pads.len() != 2 * axes.len() || mode != "constant" {
        let found = format!("{pads:?}");
        return Err(call.refuse("pads", found, "two numbers for each axis"));
    }
    let mut value = value;
    let mut pending: Option<(NodeId, [[usize; 2]; 2])> = None;
    let is_padded = |place: &usize| [pads[*place], pads[axes.len() + *place]] != [0, 0];
    let last = (0..axes.len()).rev().find(is_padded);
    for (place, &axis) in axes.iter().enumerate() {
        let both = [pads[place], pads[axes.len() + place]];
        let widths = both.map(|width| usize::try_from(width).ok().filter(|&w| w < 1 << 16));
        let [Some(before), Some(behind)] = widths else {
            let found = format!("{pads:?}");
            return Err(call.refuse("pads", found, "numbers from 0 to 65535"));
        };
        if [before, behind] == [0, 0] {
            continue;
        }
        let lane = Lane::of(call, &value, axis)?;
        let extent = value.view.dims()[axis] + before + behind;
        let border = lane.pair([before, behind]);
        // Rows and columns of one image get their borders together.
        let (input, border) = match pending {
            Some((input, [rows, columns]))
                if lane.node == value.node && border[0] == [0; 2] && columns == [0; 2] =>
            {
                (input, [rows, border[1]])
            }
            _ => (lane.node, border),
        };
        let [vertical, horizontal] = border;
        let layer = ZeroPadding2D::new(vertical, horizontal);
        let node = if last == Some(place) {
            call.layer(layer, &[input])?
        } else {
            call.beside("border", layer, &[input])?
        };
        pending = Some((input, border));
        value = lane.with_extent(node, extent);
    }
    one(value.node, value.view)
}
