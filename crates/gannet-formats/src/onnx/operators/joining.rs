//! `Concat`: values side by side along an axis, which the graph has innermost.

use gannet_graph::Concatenate;

use super::Operator;
use crate::onnx::{
    call::{Call, Given, one},
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
    let Some(first) = parts.first().cloned() else {
        return Err(call.refuse("inputs", "none", "one or more"));
    };
    let rank = first.view.rank();
    let axis = call.axis(call.int("axis", 1), rank)?;
    call.factors(&first.view, &[axis])?;
    if parts.len() == 1 {
        return one(first.node, first.view);
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
    let nodes = call.network.aligned(&parts, &order);
    let nodes = call.built(nodes)?;
    let node = call.layer(Concatenate, &nodes)?;
    let mut dims = first.view.dims();
    dims[axis] = parts.iter().map(|part| part.view.dims()[axis]).sum();
    one(node, View::new(&dims, first.view.batch_axis(), &order))
}
