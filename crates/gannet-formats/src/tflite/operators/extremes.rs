//! `MAXIMUM` and `MINIMUM` of two tensors.

use gannet_graph::{Layer, Maximum, Minimum, quantized};

use super::elementwise;
use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::BuiltinOperator,
    write::{Formless, Site},
};

pub(super) fn maximum(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    Ok(Step::new(Maximum, [call.operand(0)?, call.operand(1)?]))
}

pub(super) fn minimum(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    Ok(Step::new(Minimum, [call.operand(0)?, call.operand(1)?]))
}

pub(super) fn quantized_maximum(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let operands = [call.operand(0)?, call.operand(1)?];
    Ok(Step::new(quantized::Maximum, operands))
}

pub(super) fn quantized_minimum(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let operands = [call.operand(0)?, call.operand(1)?];
    Ok(Step::new(quantized::Minimum, operands))
}

/// Writes one of both, of real numbers as version 1 and of integers as version 2.
pub(super) fn write(code: (BuiltinOperator, i32), site: &mut Site<'_, '_>) -> Result<(), Formless> {
    elementwise::write_chain(site, code, |_| None)
}
