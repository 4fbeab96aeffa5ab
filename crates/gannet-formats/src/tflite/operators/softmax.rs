//! `SOFTMAX` over the innermost extent.

use gannet_graph::{Activation, Function, Layer, quantized};

use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{BuiltinOperator, BuiltinOptions, SoftmaxOptions, SoftmaxOptionsArgs},
    write::{Formless, Site},
};

fn beta(call: &Call<'_>) -> Result<f32, Trouble> {
    let options = call.options(call.node.table.builtin_options_as_softmax_options())?;
    Ok(options.beta())
}

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let beta = beta(call)?;
    if beta != 1.0 {
        call.note("beta", beta, "1");
    }
    let layer = Activation::new(Function::Softmax);
    Ok(Step::new(layer, [call.operand(0)?]))
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let layer = quantized::Softmax { beta: beta(call)? };
    Ok(Step::new(layer, [call.operand(0)?]))
}

/// Writes the operator.
pub(super) fn write(beta: f32, site: &mut Site<'_, '_>, version: i32) -> Result<(), Formless> {
    let options = SoftmaxOptions::create(&mut site.writer.builder, &SoftmaxOptionsArgs { beta });
    let options = (BuiltinOptions::SoftmaxOptions, options.as_union_value());
    let input = site.inputs[0];
    let code = (BuiltinOperator::SOFTMAX, version);
    site.writer
        .operator(code, &[input], site.output, Some(options));
    Ok(())
}
