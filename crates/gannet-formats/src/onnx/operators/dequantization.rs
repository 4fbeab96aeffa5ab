//! `DequantizeLinear` of a network that rounds nothing: integers at its input become real numbers.
//! Weights behind it are computed when the network is read.

use super::{Operator, arithmetic, single};
use crate::onnx::{
    call::{Call, Given},
    constant::Constant,
};

pub(super) const DEQUANTIZE_LINEAR: Operator = Operator {
    name: "DequantizeLinear",
    kinds: &["Rescaling"],
    attributes: &[
        ("axis", "any axis but the batch"),
        ("block_size", "0"),
        ("output_dtype", "any"),
    ],
    import: dequantize,
};

/// `(x − zero point) · scale`, of one number each or of one for each index of an axis.
fn dequantize(call: &mut Call<'_>) -> Given {
    call.only("block_size", 0);
    let scales = call.constant(1)?;
    let zeros = call.optional_constant(2)?;
    let value = call.activation(0)?;
    let rank = value.view.rank();
    let mut dims = vec![1; rank];
    let suits = match scales.dims.as_slice() {
        [] => true,
        &[count] => {
            if count != 1 {
                let axis = call.axis(call.int("axis", 1), rank)?;
                dims[axis] = count;
            }
            true
        }
        _ => false,
    };
    let as_many = |zeros: &Constant| zeros.len() == 1 || zeros.dims == scales.dims;
    if !suits || !zeros.as_deref().is_none_or(as_many) {
        let found = call.input_dims();
        let supported = "one scale and zero point, or one for each index of an axis";
        return Err(call.refuse("inputs", found, supported));
    }
    let scales = scales.to_floats();
    let zeros = zeros.map_or_else(|| vec![0.0], |zeros| zeros.to_floats());
    single(arithmetic::affine(call, &value, &dims, |place| {
        (scales[place], -zeros[place % zeros.len()] * scales[place])
    }))
}
