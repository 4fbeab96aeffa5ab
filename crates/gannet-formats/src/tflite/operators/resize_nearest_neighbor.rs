//! `RESIZE_NEAREST_NEIGHBOR` by whole factors, which repeats rows and columns.

use gannet_graph::{Layer, UpSampling2D};

use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{
        BuiltinOperator, BuiltinOptions, ResizeNearestNeighborOptions,
        ResizeNearestNeighborOptionsArgs,
    },
    write::{Formless, Site},
};

/// Pixels may be taken by their centres or by their corners: at whole factors both give the same.
pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
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
    Ok(Step::new(UpSampling2D::new(size)?, [operand]))
}

/// Writes the operator.
pub(super) fn write(site: &mut Site<'_, '_>) -> Result<(), Formless> {
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
    let code = (BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, 1);
    site.writer
        .operator(code, &inputs, site.output, Some(options));
    Ok(())
}
