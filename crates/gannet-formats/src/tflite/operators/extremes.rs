//! `MAXIMUM` and `MINIMUM` of two tensors of real numbers.

use gannet_graph::{Layer, Maximum, Minimum};

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

/// Writes one of both.
pub(super) fn write(code: BuiltinOperator, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    elementwise::write_chain(site, (code, 1), |_| None)
}
