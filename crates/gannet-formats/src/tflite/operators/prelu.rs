//! `PRELU` of real numbers: negative values times slopes.

use gannet_graph::{Layer, PReLU, Tensor};

use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::BuiltinOperator,
    write::{Formless, Site},
};

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let operand = call.operand(0)?;
    let (mut extents, slopes) = call.floats(1)?;
    // Extents of 1 in front may be left out.
    let rank = call.shape(operand)?.dims().len();
    let lacking = rank.saturating_sub(extents.len());
    extents.splice(0..0, std::iter::repeat_n(1, lacking));
    let layer = PReLU::new(Tensor::new(extents, slopes)?);
    Ok(Step::new(layer, [operand]))
}

/// Writes the operator.
pub(super) fn write(layer: &PReLU, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let name = site.part("alpha");
    let alpha = layer.alpha();
    let slopes = site
        .writer
        .floats(&name, alpha.shape().dims(), alpha.data());
    let inputs = [site.inputs[0], slopes];
    let code = (BuiltinOperator::PRELU, 1);
    site.writer.operator(code, &inputs, site.output, None);
    Ok(())
}
