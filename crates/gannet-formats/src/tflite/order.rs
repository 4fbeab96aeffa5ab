//! The order of axes: TFLite puts the output channel of a kernel first, Gannet last.

/// Row-major `values` of `shape`, put into an order in which new axis `i` is the old axis
/// `order[i]`; the new extents with them.
pub(super) fn permuted<T: Copy, const N: usize>(
    shape: [usize; N],
    values: &[T],
    order: [usize; N],
) -> ([usize; N], Vec<T>) {
    let mut strides = [1; N];
    for axis in (1..N).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    let extents = order.map(|axis| shape[axis]);
    let steps = order.map(|axis| strides[axis]);
    let value = |mut place: usize| {
        let mut from = 0;
        for axis in (0..N).rev() {
            from += place % extents[axis] * steps[axis];
            place /= extents[axis];
        }
        values[from]
    };
    (extents, (0..values.len()).map(value).collect())
}

/// `[filters, height, width, channels]` to `[height, width, channels, filters]`.
pub(super) const FILTERS_LAST: [usize; 4] = [1, 2, 3, 0];
/// The way back.
pub(super) const FILTERS_FIRST: [usize; 4] = [3, 0, 1, 2];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let (shape, values) = permuted([2, 3], &[1, 2, 3, 4, 5, 6], [1, 0]);
        assert_eq!((shape, values), ([3, 2], vec![1, 4, 2, 5, 3, 6]));
    }

    #[test]
    fn filters_go_to_the_end_and_back() {
        let values: Vec<u32> = (0..120).collect();
        let (shape, last) = permuted([5, 2, 3, 4], &values, FILTERS_LAST);
        assert_eq!(shape, [2, 3, 4, 5]);
        // Filter 1, row 0, column 0, channel 0 was at 24.
        assert_eq!(last[1], 24);
        let (shape, first) = permuted(shape, &last, FILTERS_FIRST);
        assert_eq!((shape, first), ([5, 2, 3, 4], values));
    }
}
