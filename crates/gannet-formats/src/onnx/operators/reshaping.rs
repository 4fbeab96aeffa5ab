//! Operators that name the same numbers by other axes. They add no layer: whoever reads
//! their value brings it into the shape that it needs, or its weights into the order.

use std::rc::Rc;

use super::{Operator, Single, single};
use crate::onnx::{
    call::{Call, Value, one},
    constant::Constant,
    network::Activation,
    shape,
    view::{Axis, Unshaped},
};

pub(super) const FLATTEN: Operator = Operator {
    name: "Flatten",
    kinds: &["Flatten"],
    attributes: &[("axis", "any that keeps the batch")],
    import: |call| {
        let input = call.activation(0)?;
        let dims = shape::flattened(&input.view.dims(), call.int("axis", 1));
        let dims = call.sound(dims)?;
        single(reshaped(call, input, &dims))
    },
};

pub(super) const RESHAPE: Operator = Operator {
    name: "Reshape",
    kinds: &["Flatten", "Reshape"],
    attributes: &[
        (
            "shape",
            "whole numbers, as attribute or input, that keep the batch",
        ),
        ("allowzero", "0 or 1"),
    ],
    import: |call| {
        let Some(target) = call.whole("shape", 1)? else {
            return Err(call.refuse("shape", "absent", "whole numbers"));
        };
        let input = call.activation(0)?;
        let allow_zero = call.flag("allowzero", false);
        let dims = shape::reshaped(&input.view.dims(), &target, allow_zero);
        let dims = call.sound(dims)?;
        single(reshaped(call, input, &dims))
    },
};

/// A value under the extents `dims`.
pub(super) fn reshaped(call: &mut Call<'_>, mut value: Activation, dims: &[usize]) -> Single {
    if value.view.reshaped(dims) == Err(Unshaped::Order) {
        let order = value.view.order();
        let ordered = call.network.ordered(&value, &order);
        value = call.built(ordered)?;
    }
    match value.view.reshaped(dims) {
        Ok(view) => {
            value.view = view;
            if dims.len() <= 2 {
                call.network.call_vector(value.node, call.name());
            }
            Ok(value)
        }
        Err(Unshaped::Batch) => Err(call.refuse(
            "shape",
            format!("{dims:?}"),
            "a shape that keeps the batch as an axis of its own",
        )),
        Err(Unshaped::Elements | Unshaped::Order) => Err(call.refuse(
            "shape",
            format!("{dims:?}"),
            "a shape of as many elements as the input has",
        )),
    }
}

pub(super) const SQUEEZE: Operator = Operator {
    name: "Squeeze",
    kinds: &[],
    attributes: &[("axes", "axes but the batch, as attribute or input")],
    import: |call| {
        let axes = call.whole("axes", 1)?;
        let mut value = call.activation(0)?;
        let kept = shape::squeezed(&value.view.dims(), axes.as_deref());
        let kept = call.sound(kept)?;
        value.view = value.view.transposed(&kept);
        one(value.node, value.view)
    },
};

pub(super) const UNSQUEEZE: Operator = Operator {
    name: "Unsqueeze",
    kinds: &[],
    attributes: &[("axes", "axes but the batch, as attribute or input")],
    import: |call| {
        let Some(axes) = call.whole("axes", 1)? else {
            return Err(call.refuse("axes", "absent", "whole numbers"));
        };
        let mut value = call.activation(0)?;
        let places = shape::unsqueezed(value.view.rank(), &axes);
        let places = call.sound(places)?;
        let axis = |place: Option<usize>| match place {
            Some(axis) => value.view.axes()[axis].clone(),
            None => Axis::Of(Vec::new()),
        };
        value.view = value.view.with_axes(places.into_iter().map(axis).collect());
        one(value.node, value.view)
    },
};

pub(super) const TRANSPOSE: Operator = Operator {
    name: "Transpose",
    kinds: &["Permute"],
    attributes: &[("perm", "any order")],
    import: |call| {
        let mut value = call.activation(0)?;
        let axes = shape::permutation(call.ints("perm"), value.view.rank());
        let axes = call.sound(axes)?;
        value.view = value.view.transposed(&axes);
        one(value.node, value.view)
    },
};

/// The extents of a value are known when a network is read; a batch that is open is 1.
pub(super) const SHAPE: Operator = Operator {
    name: "Shape",
    kinds: &[],
    attributes: &[("start", "any"), ("end", "any")],
    import: |call| {
        let dims = match call.inputs.first() {
            Some(Value::Constant(constant)) => constant.dims.clone(),
            _ => call.activation(0)?.view.dims(),
        };
        let rank = dims.len() as i64;
        let place = |index: i64| {
            let counted = if index < 0 {
                index.saturating_add(rank)
            } else {
                index
            };
            counted.clamp(0, rank) as usize
        };
        let (start, end) = (place(call.int("start", 0)), place(call.int("end", rank)));
        let part = dims.get(start..end).unwrap_or_default();
        let extents = part.iter().map(|&dim| dim as i64);
        Ok(vec![Value::Constant(Rc::new(Constant::whole(extents)))])
    },
};
