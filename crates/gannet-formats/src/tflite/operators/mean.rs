//! `MEAN` and `REDUCE_MAX` over height and width.

use gannet_graph::{GlobalAveragePool2D, GlobalMaxPool2D, Layer, Reshape, quantized};

use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{BuiltinOperator, BuiltinOptions, ReducerOptions, ReducerOptionsArgs},
    write::{Formless, Site},
};

/// The axes are those of height and width; whether they stay, as extents of 1.
fn keeps_extents(call: &Call<'_>) -> Result<bool, Trouble> {
    let options = call.options(call.node.table.builtin_options_as_reducer_options())?;
    let rank = call.source.tensors[call.operand(0)?].shape.len();
    let mut axes = call.integers(1)?;
    for axis in &mut axes {
        if *axis < 0 {
            *axis += rank as i64;
        }
    }
    axes.sort_unstable();
    if rank != 4 || axes != [1, 2] {
        call.note("axes", format!("{axes:?} of {rank}"), "[1, 2] of 4");
    }
    Ok(options.keep_dims())
}

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let keep_dims = keeps_extents(call)?;
    let layer: Layer = match call.node.code {
        BuiltinOperator::REDUCE_MAX => GlobalMaxPool2D.into(),
        _ => GlobalAveragePool2D.into(),
    };
    let mut step = Step::new(layer, [call.operand(0)?]);
    if keep_dims {
        let shape = call.shape(call.output())?;
        step.layers.push(Reshape::new(shape).into());
    }
    Ok(step)
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let keep_dims = keeps_extents(call)?;
    let output = call.quantization(call.output())?;
    let layer = quantized::GlobalAveragePool2D { output, keep_dims };
    Ok(Step::new(layer, [call.operand(0)?]))
}

/// Writes the operator; its axes disappear.
pub(super) fn write(
    site: &mut Site<'_, '_>,
    code: (BuiltinOperator, i32),
    keep_dims: bool,
) -> Result<(), Formless> {
    let name = site.part("axes");
    let axes = site.writer.integers(&name, &[2], &[1, 2]);
    let options =
        ReducerOptions::create(&mut site.writer.builder, &ReducerOptionsArgs { keep_dims });
    let options = (BuiltinOptions::ReducerOptions, options.as_union_value());
    let inputs = [site.inputs[0], axes];
    site.writer
        .operator(code, &inputs, site.output, Some(options));
    Ok(())
}
