//! `RESHAPE`, and its likes `SQUEEZE` and `EXPAND_DIMS`: the output's shape says all.

use gannet_graph::{Flatten, Layer, Reshape, quantized};

use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{BuiltinOperator, BuiltinOptions, ReshapeOptions, ReshapeOptionsArgs},
    write::{Formless, Site},
};

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let operand = call.operand(0)?;
    let (from, to) = (call.shape(operand)?, call.shape(call.output())?);
    let layers = if from == to {
        Vec::new()
    } else if to.as_vector().is_some() {
        vec![Flatten.into()]
    } else {
        vec![Reshape::new(to).into()]
    };
    Ok(Step {
        layers,
        operands: vec![operand],
    })
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let operand = call.operand(0)?;
    let shape = call.shape(call.output())?;
    Ok(Step::new(quantized::Reshape::new(shape), [operand]))
}

/// Writes the operator.
pub(super) fn write(site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let mut shape = vec![1];
    shape.extend(site.output_shape.dims().iter().map(|&dim| dim as i32));
    let name = site.part("shape");
    let constant = site.writer.integers(&name, &[shape.len()], &shape);
    let new_shape = Some(site.writer.builder.create_vector(&shape));
    let options =
        ReshapeOptions::create(&mut site.writer.builder, &ReshapeOptionsArgs { new_shape });
    let options = (BuiltinOptions::ReshapeOptions, options.as_union_value());
    let inputs = [site.inputs[0], constant];
    let code = (BuiltinOperator::RESHAPE, 1);
    site.writer
        .operator(code, &inputs, site.output, Some(options));
    Ok(())
}
