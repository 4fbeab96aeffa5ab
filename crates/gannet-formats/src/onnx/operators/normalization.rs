//! `BatchNormalization` with the statistics that training left.

use std::rc::Rc;

use gannet_graph::{BatchNormalization, Tensor};

use super::Operator;
use crate::onnx::{
    call::{Call, Given, one},
    constant::Constant,
};

pub(super) const BATCH_NORMALIZATION: Operator = Operator {
    name: "BatchNormalization",
    kinds: &["BatchNormalization"],
    attributes: &[
        ("epsilon", "a positive number"),
        ("momentum", "any"),
        ("spatial", "1"),
        ("is_test", "1"),
        ("training_mode", "0"),
    ],
    import: normalize,
};

fn normalize(call: &mut Call<'_>) -> Given {
    call.only("training_mode", 0);
    call.only("spatial", 1);
    if call.opset < 7 {
        // Whether it computes statistics of its own.
        call.only("is_test", 1);
    }
    let mut weights: Vec<Rc<Constant>> = Vec::new();
    for place in 1..5 {
        weights.push(call.constant(place)?);
    }
    let input = call.activation(0)?;
    let dims = input.view.dims();
    let channels = if dims.len() > 1 { dims[1] } else { 1 };
    if weights.iter().any(|weight| weight.dims != [channels]) {
        let found = call.input_dims();
        let supported = format!("four tensors of {channels} values, one for each channel");
        return Err(call.refuse("inputs", found, supported));
    }
    let factors = if dims.len() > 1 {
        call.factors(&input.view, &[1])?
    } else {
        Vec::new()
    };
    let places = input.view.places(&factors);
    let inner = call.network.innermost(&input, &factors);
    let inner = call.built(inner)?;
    let [scale, bias, mean, variance] = [0, 1, 2, 3].map(|weight: usize| {
        let values = weights[weight].to_floats();
        Tensor::from_fn([channels], |channel| values[places[channel]])
    });
    let epsilon = call.float("epsilon", 1e-5);
    let layer = BatchNormalization::new(Some(scale), Some(bias), mean, variance, epsilon);
    let mut layer = call.built(layer.map_err(Into::into))?;
    layer.momentum = call.float("momentum", 0.9).clamp(0.0, 1.0);
    let node = call.layer(layer, &[inner.node])?;
    one(node, inner.view)
}
