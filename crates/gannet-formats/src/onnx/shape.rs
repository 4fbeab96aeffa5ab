//! ONNX's rules of shapes, on extents alone: what holds for constants holds for values that
//! are computed when the network runs.
//!
//! Errors are the end of a sentence that says what was found.

/// An axis of a tensor of `rank` axes, from its end if `axis` is negative.
pub(super) fn axis(axis: i64, rank: usize) -> Result<usize, String> {
    let counted = if axis < 0 { axis + rank as i64 } else { axis };
    usize::try_from(counted)
        .ok()
        .filter(|&axis| axis < rank)
        .ok_or_else(|| format!("axis {axis} of a tensor of {rank} axes"))
}

/// As [`axis`], of several.
pub(super) fn axes(axes: &[i64], rank: usize) -> Result<Vec<usize>, String> {
    axes.iter().map(|&a| axis(a, rank)).collect()
}

/// `Reshape`: 0 keeps an extent unless `allow_zero`, −1 is what is left.
pub(super) fn reshaped(
    dims: &[usize],
    target: &[i64],
    allow_zero: bool,
) -> Result<Vec<usize>, String> {
    let elements: usize = dims.iter().product();
    let mut open = None;
    let mut shape = Vec::with_capacity(target.len());
    for (place, &extent) in target.iter().enumerate() {
        shape.push(match extent {
            -1 if open.is_none() => {
                open = Some(place);
                1
            }
            0 if !allow_zero => *dims
                .get(place)
                .ok_or_else(|| format!("the shape {target:?} keeps an extent that is not there"))?,
            1.. => usize::try_from(extent).map_err(|error| error.to_string())?,
            _ => return Err(format!("the shape {target:?}")),
        });
    }
    let known = shape.iter().try_fold(1_usize, |n, &dim| n.checked_mul(dim));
    let fits = match (open, known) {
        (Some(place), Some(known)) if known > 0 && elements.is_multiple_of(known) => {
            shape[place] = elements / known;
            true
        }
        (None, Some(known)) => known == elements,
        _ => false,
    };
    if fits {
        Ok(shape)
    } else {
        Err(format!("extents {dims:?} under the shape {target:?}"))
    }
}

/// `Flatten`: the extents before an axis as one, and those from it on.
pub(super) fn flattened(dims: &[usize], axis: i64) -> Result<Vec<usize>, String> {
    let rank = dims.len();
    let counted = if axis < 0 { axis + rank as i64 } else { axis };
    let axis = usize::try_from(counted)
        .ok()
        .filter(|&axis| axis <= rank)
        .ok_or_else(|| format!("axis {axis} of a tensor of {rank} axes"))?;
    Ok(vec![
        dims[..axis].iter().product(),
        dims[axis..].iter().product(),
    ])
}

/// `Squeeze`: the axes that stay; all of extent 1 go if none are named.
pub(super) fn squeezed(dims: &[usize], named: Option<&[i64]>) -> Result<Vec<usize>, String> {
    let gone = match named {
        Some(named) => axes(named, dims.len())?,
        None => (0..dims.len()).filter(|&axis| dims[axis] == 1).collect(),
    };
    match gone.iter().find(|&&axis| dims[axis] != 1) {
        Some(&axis) => Err(format!("axis {axis} of extents {dims:?} squeezed")),
        None => Ok((0..dims.len())
            .filter(|axis| !gone.contains(axis))
            .collect()),
    }
}

/// `Unsqueeze`: for each axis of the result the axis that it was, `None` for a new one.
pub(super) fn unsqueezed(rank: usize, named: &[i64]) -> Result<Vec<Option<usize>>, String> {
    let new = axes(named, rank + named.len())?;
    if new
        .iter()
        .enumerate()
        .any(|(i, axis)| new[..i].contains(axis))
    {
        return Err(format!("axes {named:?}, one of them twice"));
    }
    let mut old = 0..rank;
    let axis = |axis| {
        if new.contains(&axis) {
            None
        } else {
            old.next()
        }
    };
    Ok((0..rank + new.len()).map(axis).collect())
}

/// `Transpose`: which axis each axis of the result was; all turned round if none are named.
pub(super) fn permutation(named: Option<&[i64]>, rank: usize) -> Result<Vec<usize>, String> {
    let Some(named) = named else {
        return Ok((0..rank).rev().collect());
    };
    let order = axes(named, rank)?;
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted.into_iter().eq(0..rank) {
        Ok(order)
    } else {
        Err(format!("the order {named:?} of {rank} axes"))
    }
}

/// A part of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub axis: usize,
    /// The first index.
    pub start: usize,
    /// How many.
    pub len: usize,
    /// From one to the next.
    pub step: isize,
}

/// `Slice`: indices beyond the ends are the ends, negative ones count from the end.
/// `whole` gives the numbers under a name or, in later versions, at a place of the inputs.
pub(super) fn slices(
    dims: &[usize],
    whole: impl Fn(&str, usize) -> Result<Option<Vec<i64>>, String>,
) -> Result<Vec<Cut>, String> {
    let starts = whole("starts", 1)?.ok_or("no starts")?;
    let ends = whole("ends", 2)?.ok_or("no ends")?;
    let named = match whole("axes", 3)? {
        Some(named) => axes(&named, dims.len())?,
        None => (0..starts.len().min(dims.len())).collect(),
    };
    let steps = whole("steps", 4)?.unwrap_or_else(|| vec![1; named.len()]);
    if [starts.len(), ends.len(), steps.len()] != [named.len(); 3] {
        return Err("starts, ends, axes and steps of different lengths".to_owned());
    }
    let cut = |(i, &axis): (usize, &usize)| -> Result<Cut, String> {
        let extent = dims[axis] as i64;
        if extent == 0 {
            return Ok(Cut {
                axis,
                start: 0,
                len: 0,
                step: 1,
            });
        }
        let counted = |index: i64| {
            if index < 0 {
                index.saturating_add(extent)
            } else {
                index
            }
        };
        let (start, end) = (counted(starts[i]), counted(ends[i]));
        let step = steps[i];
        let (start, distance) = match step {
            1.. => {
                let start = start.clamp(0, extent);
                (start, end.clamp(0, extent) - start)
            }
            0 => return Err("a step of 0".to_owned()),
            _ => {
                let start = start.clamp(0, extent - 1);
                (start, start - end.clamp(-1, extent - 1))
            }
        };
        let len = distance.max(0).unsigned_abs().div_ceil(step.unsigned_abs());
        Ok(Cut {
            axis,
            // Both lie inside the axis.
            start: start as usize,
            len: len as usize,
            // From one value there is no step, however large.
            step: if len < 2 { 1 } else { step as isize },
        })
    };
    named.iter().enumerate().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reshape_keeps_and_infers() {
        assert_eq!(reshaped(&[2, 3, 4], &[0, -1], false), Ok(vec![2, 12]));
        assert_eq!(reshaped(&[2, 3, 4], &[4, 6], false), Ok(vec![4, 6]));
        for target in [&[5, -1][..], &[-1, -1], &[2, 3, 4, 0], &[-2, 12]] {
            assert!(reshaped(&[2, 3, 4], target, false).is_err(), "{target:?}");
        }
    }

    #[test]
    fn axes_come_and_go() {
        assert_eq!(squeezed(&[1, 3, 1], None), Ok(vec![1]));
        assert_eq!(squeezed(&[1, 3, 1], Some(&[-1])), Ok(vec![0, 1]));
        assert!(squeezed(&[1, 3, 1], Some(&[1])).is_err());
        assert_eq!(
            unsqueezed(2, &[0, -1]),
            Ok(vec![None, Some(0), Some(1), None])
        );
        assert!(unsqueezed(2, &[0, 0]).is_err());
        assert_eq!(permutation(None, 3), Ok(vec![2, 1, 0]));
        assert!(permutation(Some(&[0, 0, 1]), 3).is_err());
    }

    /// `numpy.arange(10)[2:-1:3]` has three values, `[20:0:-4]` those at 9, 5 and 1.
    #[test]
    fn slices_end_at_the_ends() {
        let of = |start, end, step| {
            let numbers = [vec![start], vec![end], vec![0], vec![step]];
            let cuts = slices(&[10], |_, place| Ok(Some(numbers[place - 1].clone())));
            let cut = cuts.unwrap()[0];
            (cut.start, cut.len, cut.step)
        };
        assert_eq!(of(2, -1, 3), (2, 3, 3));
        assert_eq!(of(20, 0, -4), (9, 3, -4));
        assert_eq!(of(5, 2, 1), (5, 0, 1));
        assert_eq!(of(0, i64::MAX, 1), (0, 10, 1));
    }
}
