//! `CONCATENATION` along the channels.

use gannet_graph::{Concatenate, Layer, quantized};

use super::activations;
use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{
        ActivationFunctionType, BuiltinOperator, BuiltinOptions, ConcatenationOptions,
        ConcatenationOptionsArgs,
    },
    write::{Formless, Site},
};

/// The operands and the fused function; the axis is the innermost.
fn parts(call: &Call<'_>) -> Result<(Vec<usize>, ActivationFunctionType), Trouble> {
    let options = call.options(call.node.table.builtin_options_as_concatenation_options())?;
    let rank = call.source.tensors[call.output()].shape.len() as i32;
    if options.axis() != -1 && options.axis() != rank - 1 {
        call.note("axis", options.axis(), "the last");
    }
    let operands = (0..call.node.inputs.len()).map(|i| call.operand(i));
    Ok((
        operands.collect::<Result<_, _>>()?,
        options.fused_activation_function(),
    ))
}

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let (operands, activation) = parts(call)?;
    let mut step = Step::new(Concatenate, operands);
    step.layers
        .extend(activations::layer(call.function(activation)));
    Ok(step)
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let (operands, activation) = parts(call)?;
    if activation != ActivationFunctionType::NONE {
        call.note("fused_activation_function", activation.0, "NONE");
    }
    Ok(Step::new(quantized::Concatenate, operands))
}

/// Writes the operator.
pub(super) fn write(site: &mut Site<'_, '_>, version: i32) -> Result<(), Formless> {
    let options = ConcatenationOptions::create(
        &mut site.writer.builder,
        &ConcatenationOptionsArgs {
            axis: site.output_shape.dims().len() as i32,
            fused_activation_function: ActivationFunctionType::NONE,
        },
    );
    let options = (
        BuiltinOptions::ConcatenationOptions,
        options.as_union_value(),
    );
    let inputs = site.inputs.clone();
    let code = (BuiltinOperator::CONCATENATION, version);
    site.writer
        .operator(code, &inputs, site.output, Some(options));
    Ok(())
}
