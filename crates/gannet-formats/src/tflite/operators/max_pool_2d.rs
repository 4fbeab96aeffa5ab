//! `MAX_POOL_2D`.

use gannet_graph::{Layer, MaxPool2D, Window, quantized};

use super::{activations, conv_2d::padding};
use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{
        ActivationFunctionType, BuiltinOperator, BuiltinOptions, Pool2DOptions, Pool2DOptionsArgs,
    },
    write::{Formless, Site},
};

/// The window of any pooling, and the fused function.
pub(super) fn window(call: &Call<'_>) -> Result<(Window, ActivationFunctionType), Trouble> {
    let options = call.options(call.node.table.builtin_options_as_pool_2_doptions())?;
    let extents = [options.filter_height(), options.filter_width()];
    let window = call.window(
        extents.map(|extent| usize::try_from(extent).unwrap_or(0)),
        [options.stride_h(), options.stride_w()],
        [1, 1],
        options.padding(),
    )?;
    Ok((window, options.fused_activation_function()))
}

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let (window, activation) = window(call)?;
    let mut step = Step::new(MaxPool2D::new(window), [call.operand(0)?]);
    step.layers
        .extend(activations::layer(call.function(activation)));
    Ok(step)
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let (window, activation) = window(call)?;
    let clamp = call.clamp(activation);
    let layer = quantized::MaxPool2D { window, clamp };
    Ok(Step::new(layer, [call.operand(0)?]))
}

/// Writes pooling of any kind.
pub(super) fn write(
    site: &mut Site<'_, '_>,
    code: (BuiltinOperator, i32),
    window: Window,
    activation: ActivationFunctionType,
) -> Result<(), Formless> {
    let padding = padding(window)?;
    let [stride_h, stride_w] = window.stride().map(|step| step as i32);
    let [filter_height, filter_width] = window.kernel().map(|extent| extent as i32);
    let options = Pool2DOptions::create(
        &mut site.writer.builder,
        &Pool2DOptionsArgs {
            padding,
            stride_w,
            stride_h,
            filter_width,
            filter_height,
            fused_activation_function: activation,
        },
    );
    let options = (BuiltinOptions::Pool2DOptions, options.as_union_value());
    let input = site.inputs[0];
    site.writer
        .operator(code, &[input], site.output, Some(options));
    Ok(())
}

pub(super) fn write_float(pool: &MaxPool2D, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let code = (BuiltinOperator::MAX_POOL_2D, 1);
    write(site, code, pool.window, ActivationFunctionType::NONE)
}

pub(super) fn write_quantized(
    pool: &quantized::MaxPool2D,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    let code = (BuiltinOperator::MAX_POOL_2D, 2);
    write(site, code, pool.window, activations::fused(pool.clamp))
}
