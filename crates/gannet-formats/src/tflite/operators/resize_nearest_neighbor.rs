//! `RESIZE_NEAREST_NEIGHBOR` by whole factors, which repeats rows and columns.

use gannet_graph::{Layer, UpSampling2D, quantized};

use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{
        BuiltinOperator, BuiltinOptions, ResizeNearestNeighborOptions,
        ResizeNearestNeighborOptionsArgs,
    },
    write::{Formless, Site},
};

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let (operand, size) = enlarged(call)?;
    Ok(Step::new(UpSampling2D::new(size)?, [operand]))
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let (operand, size) = enlarged(call)?;
    Ok(Step::new(quantized::UpSampling2D::new(size)?, [operand]))
}

/// The operand, and how often its rows and columns are repeated. Pixels may be taken by their
/// centres or by their corners: at whole factors both give the same.
fn enlarged(call: &Call<'_>) -> Result<(usize, [usize; 2]), Trouble> {
    let table = &call.node.table;
    let options = call.options(table.builtin_options_as_resize_nearest_neighbor_options())?;
    if options.align_corners() {
        call.note("align_corners", true, "false");
    }
    let operand = call.operand(0)?;
    let (from, to) = (call.shape(operand)?, call.shape(call.output())?);
    let size = match (from.dims(), to.dims()) {
        (&[height, width, _], &[rows, columns, _])
            if rows % height == 0 && columns % width == 0 =>
        {
            [rows / height, columns / width]
        }
        _ => {
            let found = format!("{from} to {to}");
            return Err(call.refuse("size", found, "an image to a multiple of its size"));
        }
    };
    Ok((operand, size))
}

/// Writes the operator.
pub(super) fn write(site: &mut Site<'_, '_>, version: i32) -> Result<(), Formless> {
    let size: Vec<i32> = site.output_shape.dims()[..2]
        .iter()
        .map(|&dim| dim as i32)
        .collect();
    let name = site.part("size");
    let size = site.writer.integers(&name, &[2], &size);
    let options = ResizeNearestNeighborOptions::create(
        &mut site.writer.builder,
        &ResizeNearestNeighborOptionsArgs::default(),
    );
    let options = (
        BuiltinOptions::ResizeNearestNeighborOptions,
        options.as_union_value(),
    );
    let inputs = [site.inputs[0], size];
    let code = (BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, version);
    site.writer
        .operator(code, &inputs, site.output, Some(options));
    Ok(())
}
