//! `PRelu`: a slope for negative values that was learnt.

use gannet_graph::{PReLU, Tensor};

use super::Operator;
use crate::onnx::call::{Call, Given, one};

pub(super) const P_RELU: Operator = Operator {
    name: "PRelu",
    kinds: &["PReLU"],
    attributes: &[],
    import,
};

fn import(call: &mut Call<'_>) -> Given {
    let slope = call.constant(1)?;
    let input = call.activation(0)?;
    let mut dims = slope.dims.clone();
    let own = input.view.dims();
    if call.opset < 7 && dims.len() == 1 && dims[0] != 1 {
        // Up to version 6 a row of slopes was one for each channel.
        dims.extend(vec![1; own.len().saturating_sub(2)]);
    }
    call.check_spread(&input.view, &dims)?;
    let first = call.first_varying(&input.view, &dims)?;
    let places = input.view.spread(&dims, first);
    let inner = call.network.with_channels(&input, first);
    let inner = call.built(inner)?;
    let slopes = slope.to_floats();
    let mut extents = vec![1; call.network.dims(inner.node).len()];
    if let Some(channels) = extents.last_mut() {
        *channels = places.len();
    }
    let alpha = Tensor::from_fn(extents, |channel| slopes[places[channel]]);
    let node = call.layer(PReLU::new(alpha), &[inner.node])?;
    one(node, inner.view)
}
