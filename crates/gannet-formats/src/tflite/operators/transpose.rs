//! `TRANSPOSE` of the extents behind the batch.

use gannet_graph::{Layer, Permute};

use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::BuiltinOperator,
    write::{Formless, Site},
};

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let order = call.integers(1)?;
    let behind: Option<Vec<usize>> = order
        .iter()
        .skip(1)
        .map(|&axis| usize::try_from(axis).ok()?.checked_sub(1))
        .collect();
    match (order.first(), behind) {
        (Some(0), Some(behind)) => Ok(Step::new(Permute::new(behind)?, [call.operand(0)?])),
        _ => Err(call.refuse("perm", format!("{order:?}"), "the batch in its place")),
    }
}

/// Writes the operator.
pub(super) fn write(layer: &Permute, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let mut order = vec![0];
    order.extend(layer.order().iter().map(|&axis| axis as i32 + 1));
    let name = site.part("perm");
    let order = site.writer.integers(&name, &[order.len()], &order);
    let inputs = [site.inputs[0], order];
    let code = (BuiltinOperator::TRANSPOSE, 1);
    site.writer.operator(code, &inputs, site.output, None);
    Ok(())
}
