//! Tensors put into another shape or order, joined, cut and picked from.

use super::{Budget, arithmetic::spread, input, whole};
use crate::onnx::{
    call::Call,
    constant::{Constant, Element, Values},
    shape, walk,
};

/// `Constant`: a value that stands in an attribute.
pub(super) fn constant(call: &Call<'_>, _budget: &mut Budget) -> Result<Constant, String> {
    if let Some(tensor) = call.tensor("value") {
        return Constant::read(tensor);
    }
    let float = |values: Vec<f32>, dims| Constant {
        element: Element::F32,
        dims,
        values: Values::Float(values),
    };
    for attribute in &call.node.attribute {
        match (attribute.name.as_str(), attribute.i, attribute.f) {
            ("value_int", Some(value), _) => {
                let scalar = Constant::whole([value]);
                return Ok(Constant {
                    dims: Vec::new(),
                    ..scalar
                });
            }
            ("value_float", _, Some(value)) => return Ok(float(vec![value], Vec::new())),
            ("value_ints", ..) => return Ok(Constant::whole(attribute.ints.iter().copied())),
            ("value_floats", ..) => {
                let len = attribute.floats.len();
                return Ok(float(attribute.floats.clone(), vec![len]));
            }
            _ => {}
        }
    }
    Err("a constant that is no tensor of numbers".to_owned())
}

/// `ConstantOfShape`: one value, 0 if none is given, everywhere.
pub(super) fn constant_of_shape(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let dims = extents(input(call, 0)?)?;
    budget.take(&dims)?;
    let value = match call.tensor("value") {
        Some(tensor) => Constant::read(tensor)?,
        None => Constant {
            element: Element::F32,
            dims: vec![1],
            values: Values::Float(vec![0.0]),
        },
    };
    if value.len() != 1 {
        return Err(format!("{} values where one is repeated", value.len()));
    }
    Ok(spread(
        &Constant {
            dims: Vec::new(),
            ..value
        },
        &dims,
    ))
}

/// `Range`: from a start by steps to a limit, which is left out.
pub(super) fn range(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let mut bounds = [0; 3];
    for (place, bound) in bounds.iter_mut().enumerate() {
        *bound = match input(call, place)?.as_ints() {
            Some(&[value]) => value,
            _ => return Err("a range that is not of whole numbers".to_owned()),
        };
    }
    let [start, limit, step] = bounds;
    let (distance, step_size) = match step {
        0 => return Err("a range in steps of 0".to_owned()),
        1.. => (limit.checked_sub(start), step),
        _ => (start.checked_sub(limit), step.saturating_neg()),
    };
    let distance = distance.ok_or("a range beyond all numbers")?.max(0);
    let len = usize::try_from(distance.div_euclid(step_size) + (distance % step_size).signum());
    let len = budget.take(&[len.map_err(|error| error.to_string())?])?;
    Ok(Constant::whole((0..len as i64).map(|i| start + i * step)))
}

/// `Reshape`, `Flatten`, `Squeeze` and `Unsqueeze`.
pub(super) fn reshape(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let tensor = input(call, 0)?;
    budget.take(&tensor.dims)?;
    let dims = match call.operator() {
        "Reshape" => {
            let target = whole(call, "shape", 1)?.ok_or("no shape")?;
            shape::reshaped(&tensor.dims, &target, call.flag("allowzero", false))?
        }
        "Flatten" => shape::flattened(&tensor.dims, call.int("axis", 1))?,
        "Squeeze" => {
            let axes = whole(call, "axes", 1)?;
            shape::squeezed(&tensor.dims, axes.as_deref())?
                .iter()
                .map(|&axis| tensor.dims[axis])
                .collect()
        }
        _ => {
            let axes = whole(call, "axes", 1)?.ok_or("no axes")?;
            let places = shape::unsqueezed(tensor.dims.len(), &axes)?;
            let extent = |place: &Option<usize>| place.map_or(1, |axis| tensor.dims[axis]);
            places.iter().map(extent).collect()
        }
    };
    Ok(Constant {
        dims,
        ..tensor.clone()
    })
}

/// `Transpose`.
pub(super) fn transpose(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let tensor = input(call, 0)?;
    budget.take(&tensor.dims)?;
    let order = shape::permutation(call.ints("perm"), tensor.dims.len())?;
    let strides = walk::strides(&tensor.dims);
    let dims: Vec<usize> = order.iter().map(|&axis| tensor.dims[axis]).collect();
    let strides: Vec<isize> = order.iter().map(|&axis| strides[axis]).collect();
    let places = walk::places(&dims, &strides, 0);
    Ok(tensor.gathered(dims, places.into_iter()))
}

/// `Expand`.
pub(super) fn expand(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let (tensor, target) = (input(call, 0)?, extents(input(call, 1)?)?);
    let rank = tensor.dims.len().max(target.len());
    let padded = |dims: &[usize]| [vec![1; rank - dims.len()], dims.to_vec()].concat();
    let (own, target) = (padded(&tensor.dims), padded(&target));
    let dims: Vec<usize> = own
        .iter()
        .zip(&target)
        .map(|(&own, &target)| if own == 1 { target } else { own })
        .collect();
    if own
        .iter()
        .zip(&target)
        .any(|(&own, &target)| own != 1 && target != 1 && own != target)
    {
        return Err(format!("extents {own:?} expanded to {target:?}"));
    }
    budget.take(&dims)?;
    Ok(spread(tensor, &dims))
}

/// `Concat`.
pub(super) fn concat(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let parts: Vec<&Constant> = (0..call.inputs.len())
        .map(|place| input(call, place))
        .collect::<Result<_, _>>()?;
    let first = *parts.first().ok_or("nothing to join")?;
    let axis = shape::axis(call.int("axis", 0), first.dims.len())?;
    let others = |constant: &Constant| {
        let mut dims = constant.dims.clone();
        (axis < dims.len()).then(|| dims.remove(axis)).map(|_| dims)
    };
    if parts.iter().any(|part| others(part) != others(first)) {
        return Err("tensors that differ in more than the axis they are joined along".to_owned());
    }
    let mut dims = first.dims.clone();
    dims[axis] = parts.iter().map(|part| part.dims[axis]).sum();
    budget.take(&dims)?;
    let outer: usize = dims[..axis].iter().product();
    let run = |part: &Constant| part.dims[axis..].iter().product::<usize>();
    let runs = (0..outer).flat_map(|i| parts.iter().map(move |part| (i, *part)));
    let values = if parts.iter().all(|part| part.as_ints().is_some()) {
        let ints = runs.flat_map(|(i, part)| {
            let len = run(part);
            part.as_ints().unwrap_or_default()[i * len..(i + 1) * len].to_vec()
        });
        Values::Int(ints.collect())
    } else {
        let floats = runs.flat_map(|(i, part)| {
            let len = run(part);
            part.to_floats()[i * len..(i + 1) * len].to_vec()
        });
        Values::Float(floats.collect())
    };
    Ok(Constant {
        element: first.element,
        dims,
        values,
    })
}

/// `Gather`: the parts of a tensor along an axis that indices name.
pub(super) fn gather(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let (tensor, indices) = (input(call, 0)?, input(call, 1)?);
    let axis = shape::axis(call.int("axis", 0), tensor.dims.len())?;
    let extent = tensor.dims[axis];
    let named = indices.as_ints().ok_or("indices with fractions")?;
    let chosen: Vec<usize> = named
        .iter()
        .map(|&index| {
            let counted = if index < 0 {
                index + extent as i64
            } else {
                index
            };
            let inside = usize::try_from(counted).ok().filter(|&i| i < extent);
            inside.ok_or_else(|| format!("index {index} of an axis of {extent}"))
        })
        .collect::<Result<_, _>>()?;
    let dims = [
        &tensor.dims[..axis],
        &indices.dims,
        &tensor.dims[axis + 1..],
    ]
    .concat();
    budget.take(&dims)?;
    let inner: usize = tensor.dims[axis + 1..].iter().product();
    let outer: usize = tensor.dims[..axis].iter().product();
    let places = (0..outer).flat_map(|o| {
        chosen
            .iter()
            .flat_map(move |&i| (0..inner).map(move |k| (o * extent + i) * inner + k))
    });
    Ok(tensor.gathered(dims, places))
}

/// `Slice`.
pub(super) fn slice(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let tensor = input(call, 0)?;
    let cuts = shape::slices(&tensor.dims, |name, place| whole(call, name, place))?;
    let mut dims = tensor.dims.clone();
    let mut strides = walk::strides(&dims);
    let mut start = 0;
    for cut in cuts {
        start += cut.start * strides[cut.axis].unsigned_abs();
        strides[cut.axis] *= cut.step;
        dims[cut.axis] = cut.len;
    }
    budget.take(&dims)?;
    if dims.contains(&0) {
        return Ok(tensor.gathered(dims, std::iter::empty()));
    }
    let places = walk::places(&dims, &strides, start);
    Ok(tensor.gathered(dims, places.into_iter()))
}

/// The extents that a tensor of whole numbers names.
fn extents(constant: &Constant) -> Result<Vec<usize>, String> {
    let ints = constant.as_ints().ok_or("extents with fractions")?;
    ints.iter()
        .map(|&extent| usize::try_from(extent).map_err(|_| format!("an extent of {extent}")))
        .collect()
}
