//! `PRELU`: negative values times slopes.

use gannet_graph::{
    Layer, PReLU, Tensor,
    quantized::{self, TensorType},
};

use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::BuiltinOperator,
    write::{Formless, Site, elements},
};

/// The extents of slopes for the operand at `place`; extents of 1 in front may be left out.
fn of_all_extents(
    call: &Call<'_>,
    operand: usize,
    mut extents: Vec<usize>,
) -> Result<Vec<usize>, Trouble> {
    let rank = call.shape(operand)?.dims().len();
    let lacking = rank.saturating_sub(extents.len());
    extents.splice(0..0, std::iter::repeat_n(1, lacking));
    Ok(extents)
}

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let operand = call.operand(0)?;
    let (extents, slopes) = call.floats(1)?;
    let extents = of_all_extents(call, operand, extents)?;
    let layer = PReLU::new(Tensor::new(extents, slopes)?);
    Ok(Step::new(layer, [operand]))
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let operand = call.operand(0)?;
    let (extents, quantization, slopes) = call.quantized_constant(1)?;
    let extents = of_all_extents(call, operand, extents)?;
    let output = call.quantization(call.output())?;
    let layer = quantized::PReLU::new(output, TensorType::new(extents, quantization), slopes)?;
    Ok(Step::new(layer, [operand]))
}

/// Writes the operator of real numbers.
pub(super) fn write_float(layer: &PReLU, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let name = site.part("alpha");
    let alpha = layer.alpha();
    let slopes = site
        .writer
        .floats(&name, alpha.shape().dims(), alpha.data());
    write(slopes, site)
}

/// Writes the operator of integers.
pub(super) fn write_quantized(
    layer: &quantized::PReLU,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    let name = site.part("alpha");
    let bytes: Vec<u8> = layer.slopes().iter().map(|&slope| slope as u8).collect();
    let slopes = site.writer.constant(
        &name,
        layer.shape().dims(),
        &elements(layer.quantization()),
        &bytes,
    );
    write(slopes, site)
}

fn write(slopes: i32, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let inputs = [site.inputs[0], slopes];
    let code = (BuiltinOperator::PRELU, 1);
    site.writer.operator(code, &inputs, site.output, None);
    Ok(())
}
