//! `Concat`: values side by side along an axis, which the graph has innermost.

use gannet_graph::Concatenate;

use super::{Operator, Single, single};
use crate::onnx::{
    call::{Call, Given},
    network::Activation,
    view::View,
};

pub(super) const CONCAT: Operator = Operator {
    name: "Concat",
    kinds: &["Concatenate"],
    attributes: &[("axis", "any axis but the batch")],
    import: concatenate,
};

fn concatenate(call: &mut Call<'_>) -> Given {
    let mut parts: Vec<Activation> = Vec::new();
    for place in 0..call.inputs.len() {
        parts.push(call.activation(place)?);
    }
    let Some(first) = parts.first() else {
        return Err(call.refuse("inputs", "none", "one or more"));
    };
    let axis = call.axis(call.int("axis", 1), first.view.rank())?;
    single(side_by_side(call, &parts, axis))
}

/// Values one behind the other along an axis; there is at least one.
pub(super) fn side_by_side(call: &mut Call<'_>, parts: &[Activation], axis: usize) -> Single {
    let first = parts[0].clone();
    let rank = first.view.rank();
    call.factors(&first.view, &[axis])?;
    if parts.len() == 1 {
        return Ok(first);
    }
    let like_first = |part: &Activation| {
        part.view.rank() == rank
            && part.view.batch_axis() == first.view.batch_axis()
            && (0..rank).all(|a| a == axis || part.view.dims()[a] == first.view.dims()[a])
    };
    if !parts.iter().all(like_first) {
        let found = call.input_dims();
        return Err(call.refuse("inputs", found, "extents that differ along the axis alone"));
    }
    let mut order = first.view.axes_in_memory();
    order.retain(|&other| other != axis);
    order.push(axis);
    let nodes = call.network.aligned(parts, &order);
    let nodes = call.built(nodes)?;
    let node = call.layer(Concatenate, &nodes)?;
    let mut dims = first.view.dims();
    dims[axis] = parts.iter().map(|part| part.view.dims()[axis]).sum();
    let view = View::new(&dims, first.view.batch_axis(), &order);
    Ok(Activation { node, view })
}
