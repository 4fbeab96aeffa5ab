//! `SUB` of two tensors of integers.

use gannet_graph::quantized;

use super::activations;
use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{BuiltinOperator, BuiltinOptions, SubOptions, SubOptionsArgs},
    write::{Formless, Site},
};

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let options = call.options(call.node.table.builtin_options_as_sub_options())?;
    let layer = quantized::Subtract {
        output: call.quantization(call.output())?,
        clamp: call.clamp(options.fused_activation_function()),
    };
    Ok(Step::new(layer, [call.operand(0)?, call.operand(1)?]))
}

pub(super) fn write(
    difference: &quantized::Subtract,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    let fused_activation_function = activations::fused(difference.clamp);
    let options = SubOptions::create(
        &mut site.writer.builder,
        &SubOptionsArgs {
            fused_activation_function,
            pot_scale_int16: false,
        },
    );
    let options = (BuiltinOptions::SubOptions, options.as_union_value());
    let inputs = site.inputs.clone();
    let code = (BuiltinOperator::SUB, 2);
    site.writer
        .operator(code, &inputs, site.output, Some(options));
    Ok(())
}
