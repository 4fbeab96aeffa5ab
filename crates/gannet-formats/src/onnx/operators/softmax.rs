//! `Softmax` and its logarithm. From version 13 on they are over one axis, before
//! over that axis and all behind.

use gannet_graph::{Activation, Function};

use super::Operator;
use crate::onnx::call::{Call, Given, one};

pub(super) const SOFTMAX: Operator = Operator {
    name: "Softmax",
    kinds: &["Activation"],
    attributes: &[("axis", "any axis but the batch")],
    import: |call| apply(call, Function::Softmax),
};

pub(super) const LOG_SOFTMAX: Operator = Operator {
    name: "LogSoftmax",
    kinds: &["Activation"],
    attributes: &[("axis", "any axis but the batch")],
    import: |call| apply(call, Function::LogSoftmax),
};

fn apply(call: &mut Call<'_>, function: Function) -> Given {
    let input = call.activation(0)?;
    let rank = input.view.rank();
    let (otherwise, to_end) = if call.opset >= 13 {
        (-1, false)
    } else {
        (1, true)
    };
    let axis = call.axis(call.int("axis", otherwise), rank)?;
    let axes: Vec<usize> = if to_end {
        (axis..rank).collect()
    } else {
        vec![axis]
    };
    let factors = call.factors(&input.view, &axes)?;
    let innermost = call.network.innermost(&input, &factors);
    let innermost = call.built(innermost)?;
    let node = call.layer(Activation::new(function), &[innermost.node])?;
    one(node, innermost.view)
}
