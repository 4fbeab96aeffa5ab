//! `ADD`: of two tensors; a sum of more is written as several.

use gannet_graph::{Add, Layer, quantized};

use super::activations;
use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{
        ActivationFunctionType, AddOptions, AddOptionsArgs, BuiltinOperator, BuiltinOptions,
        TensorType,
    },
    write::{Formless, Site},
    writer::{Elements, Options},
};

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let options = call.options(call.node.table.builtin_options_as_add_options())?;
    let operands = [call.operand(0)?, call.operand(1)?];
    let mut step = Step::new(Add, operands);
    let function = call.function(options.fused_activation_function());
    step.layers.extend(activations::layer(function));
    Ok(step)
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let options = call.options(call.node.table.builtin_options_as_add_options())?;
    let layer = quantized::Add {
        output: call.quantization(call.output())?,
        clamp: call.clamp(options.fused_activation_function()),
    };
    Ok(Step::new(layer, [call.operand(0)?, call.operand(1)?]))
}

fn options(site: &mut Site<'_, '_>, activation: ActivationFunctionType) -> Options {
    let options = AddOptions::create(
        &mut site.writer.builder,
        &AddOptionsArgs {
            fused_activation_function: activation,
            pot_scale_int16: false,
        },
    );
    (BuiltinOptions::AddOptions, options.as_union_value())
}

pub(super) fn write_float(site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let mut sum = site.inputs[0];
    for place in 1..site.inputs.len() {
        let output = if place + 1 == site.inputs.len() {
            site.output
        } else {
            let name = site.part(&format!("sum_{place}"));
            let elements = Elements::plain(TensorType::FLOAT32);
            site.writer.activation(&name, site.output_shape, &elements)
        };
        let options = options(site, ActivationFunctionType::NONE);
        let inputs = [sum, site.inputs[place]];
        let code = (BuiltinOperator::ADD, 1);
        site.writer.operator(code, &inputs, output, Some(options));
        sum = output;
    }
    Ok(())
}

pub(super) fn write_quantized(
    sum: &quantized::Add,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    let options = options(site, activations::fused(sum.clamp));
    let inputs = site.inputs.clone();
    let code = (BuiltinOperator::ADD, 2);
    site.writer
        .operator(code, &inputs, site.output, Some(options));
    Ok(())
}
