//! Sums, products and extremes over axes, as shape arithmetic has them.

use super::{Budget, input, whole};
use crate::onnx::{
    call::Call,
    constant::{Constant, Values},
    shape, walk,
};

/// `ReduceProd`, `ReduceSum`, `ReduceMax` and `ReduceMin` of whole numbers.
pub(super) fn reduce(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let tensor = input(call, 0)?;
    budget.take(&tensor.dims)?;
    let values = tensor
        .as_ints()
        .ok_or("a reduction of numbers with fractions")?;
    let rank = tensor.dims.len();
    let axes = match whole(call, "axes", 1)? {
        Some(axes) if !axes.is_empty() => shape::axes(&axes, rank)?,
        _ if call.flag("noop_with_empty_axes", false) => Vec::new(),
        _ => (0..rank).collect(),
    };
    let strides = walk::strides(&tensor.dims);
    let part = |reduced: bool| -> (Vec<usize>, Vec<isize>) {
        let chosen = (0..rank).filter(|axis| axes.contains(axis) == reduced);
        chosen
            .map(|axis| (tensor.dims[axis], strides[axis]))
            .unzip()
    };
    let ((kept, kept_strides), (gone, gone_strides)) = (part(false), part(true));
    let inner = walk::places(&gone, &gone_strides, 0);
    let each = walk::places(&kept, &kept_strides, 0)
        .into_iter()
        .map(|start| {
            let mut found = inner.iter().map(|&place| values[start + place]);
            match call.operator() {
                "ReduceProd" => found.try_fold(1, i64::checked_mul),
                "ReduceSum" => found.try_fold(0, i64::checked_add),
                "ReduceMax" => found.max(),
                _ => found.min(),
            }
        });
    let each: Option<Vec<i64>> = each.collect();
    let dims = (0..rank).filter_map(|axis| match axes.contains(&axis) {
        false => Some(tensor.dims[axis]),
        true => call.flag("keepdims", true).then_some(1),
    });
    Ok(Constant {
        element: tensor.element,
        dims: dims.collect(),
        values: Values::Int(each.ok_or("a reduction beyond all numbers")?),
    })
}
