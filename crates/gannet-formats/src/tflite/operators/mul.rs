//! `MUL` of two tensors of integers.

use gannet_graph::quantized;

use super::activations;
use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{BuiltinOperator, BuiltinOptions, MulOptions, MulOptionsArgs},
    write::{Formless, Site},
};

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let options = call.options(call.node.table.builtin_options_as_mul_options())?;
    let layer = quantized::Multiply {
        output: call.quantization(call.output())?,
        clamp: call.clamp(options.fused_activation_function()),
    };
    Ok(Step::new(layer, [call.operand(0)?, call.operand(1)?]))
}

pub(super) fn write(
    product: &quantized::Multiply,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    let fused_activation_function = activations::fused(product.clamp);
    let options = MulOptions::create(
        &mut site.writer.builder,
        &MulOptionsArgs {
            fused_activation_function,
        },
    );
    let options = (BuiltinOptions::MulOptions, options.as_union_value());
    let inputs = site.inputs.clone();
    let code = (BuiltinOperator::MUL, 2);
    site.writer
        .operator(code, &inputs, site.output, Some(options));
    Ok(())
}
