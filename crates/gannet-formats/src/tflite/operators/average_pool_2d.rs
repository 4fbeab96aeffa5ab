//! `AVERAGE_POOL_2D`: pixels outside the image do not count.

use gannet_graph::{AveragePool2D, Layer, quantized};

use super::{
    activations,
    max_pool_2d::{window, write},
};
use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{ActivationFunctionType, BuiltinOperator},
    write::{Formless, Site},
};

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let (window, activation) = window(call)?;
    let mut step = Step::new(AveragePool2D::new(window), [call.operand(0)?]);
    step.layers
        .extend(activations::layer(call.function(activation)));
    Ok(step)
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let (window, activation) = window(call)?;
    let clamp = call.clamp(activation);
    let layer = quantized::AveragePool2D { window, clamp };
    Ok(Step::new(layer, [call.operand(0)?]))
}

pub(super) fn write_float(pool: &AveragePool2D, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let code = (BuiltinOperator::AVERAGE_POOL_2D, 1);
    write(site, code, pool.window, ActivationFunctionType::NONE)
}

pub(super) fn write_quantized(
    pool: &quantized::AveragePool2D,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    let code = (BuiltinOperator::AVERAGE_POOL_2D, 2);
    write(site, code, pool.window, activations::fused(pool.clamp))
}
