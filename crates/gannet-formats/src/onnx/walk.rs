//! Walks through a row-major tensor: extents and how far apart neighbours are in, the places
//! of the values out. Transposed, sliced, spread and gathered tensors are such walks.

/// How far apart two values are that differ by one in an extent.
pub(super) fn strides(dims: &[usize]) -> Vec<isize> {
    let mut strides = vec![1_isize; dims.len()];
    for axis in (1..dims.len()).rev() {
        // A tensor without elements may have extents beyond all numbers; its strides are
        // not used.
        strides[axis - 1] = strides[axis].wrapping_mul(dims[axis] as isize);
    }
    strides
}

/// The places that a walk over `dims` from `start` comes to, the innermost extent turning
/// fastest.
pub(super) fn places(dims: &[usize], strides: &[isize], start: usize) -> Vec<usize> {
    let mut places = vec![start as isize];
    for (&dim, &stride) in dims.iter().zip(strides) {
        places = places
            .iter()
            .flat_map(|&place| (0..dim as isize).map(move |i| place + i * stride))
            .collect();
    }
    places.into_iter().map(|place| place as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.arange(6).reshape(2, 3)`: transposed, its last column, its rows backwards.
    #[test]
    fn walks_through_two_rows_of_three() {
        assert_eq!(strides(&[2, 3]), [3, 1]);
        assert_eq!(places(&[3, 2], &[1, 3], 0), [0, 3, 1, 4, 2, 5]);
        assert_eq!(places(&[2], &[3], 2), [2, 5]);
        assert_eq!(places(&[2, 3], &[-3, 1], 3), [3, 4, 5, 0, 1, 2]);
        assert_eq!(places(&[], &[], 0), [0]);
        assert_eq!(places(&[0, 3], &[3, 1], 0), [0; 0]);
    }
}
