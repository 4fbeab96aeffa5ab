//! `SUB` of two tensors.

use gannet_graph::{Layer, quantized};

use super::{
    activations,
    elementwise::{self, Operation},
};
use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{ActivationFunctionType, BuiltinOperator},
    write::{Formless, Site},
};

fn activation(call: &Call<'_>) -> Result<ActivationFunctionType, Trouble> {
    let options = call.options(call.node.table.builtin_options_as_sub_options())?;
    Ok(options.fused_activation_function())
}

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    elementwise::float(call, Operation::Subtract, activation(call)?)
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let layer = quantized::Subtract {
        output: call.quantization(call.output())?,
        clamp: call.clamp(activation(call)?),
    };
    Ok(Step::new(layer, [call.operand(0)?, call.operand(1)?]))
}

/// Writes the operator of integers.
pub(super) fn write_quantized(
    difference: &quantized::Subtract,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    let fused = activations::fused(difference.clamp);
    elementwise::write_chain(site, (BuiltinOperator::SUB, 2), |site| {
        Some(elementwise::options(Operation::Subtract, site, fused))
    })
}
