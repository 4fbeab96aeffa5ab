//! `PAD` by zeros around an image.

use gannet_graph::{Layer, ZeroPadding2D, quantized};

use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::BuiltinOperator,
    write::{Formless, Site},
};

/// `[top, bottom]` and `[left, right]`.
fn border(call: &Call<'_>) -> Result<[[usize; 2]; 2], Trouble> {
    let paddings = call.integers(1)?;
    let sizes: Option<Vec<usize>> = paddings
        .iter()
        .map(|&size| usize::try_from(size).ok().filter(|&size| size <= 1 << 16))
        .collect();
    match sizes.as_deref() {
        Some(&[0, 0, top, bottom, left, right, 0, 0]) => Ok([[top, bottom], [left, right]]),
        _ => Err(call.refuse(
            "paddings",
            format!("{paddings:?}"),
            "rows and columns of an image, at most 65536",
        )),
    }
}

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let [vertical, horizontal] = border(call)?;
    let layer = ZeroPadding2D::new(vertical, horizontal);
    Ok(Step::new(layer, [call.operand(0)?]))
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let [vertical, horizontal] = border(call)?;
    let layer = quantized::ZeroPadding2D {
        vertical,
        horizontal,
    };
    Ok(Step::new(layer, [call.operand(0)?]))
}

/// Writes the operator.
pub(super) fn write(
    site: &mut Site<'_, '_>,
    version: i32,
    [[top, bottom], [left, right]]: [[usize; 2]; 2],
) -> Result<(), Formless> {
    let paddings = [0, 0, top, bottom, left, right, 0, 0].map(|size| size as i32);
    let name = site.part("paddings");
    let paddings = site.writer.integers(&name, &[4, 2], &paddings);
    let inputs = [site.inputs[0], paddings];
    site.writer
        .operator((BuiltinOperator::PAD, version), &inputs, site.output, None);
    Ok(())
}
