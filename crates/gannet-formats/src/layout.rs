//! One network's weights in two orders: channels-last, which is ours and Keras' with
//! TensorFlow, and channels-first, which is PyTorch's and ONNX's. In comes a tensor in the one
//! order, out goes the same tensor in the other.
//!
//! | weights | channels-last | channels-first |
//! |---|---|---|
//! | convolution | `[height, width, in, out]` | `[out, in, height, width]` |
//! | depthwise | `[height, width, channels, multiplier]` | `[channels·multiplier, 1, height, width]` |
//! | dense | `[features, units]` | `[units, features]` |
//!
//! A dense layer behind a flattened image also has its features in another order: rows, columns,
//! channels here, channels, rows, columns there.
//!
//! Every function gives `None` if its tensor has another rank or other extents than it takes, so
//! that the caller can say of which layer it is.

use gannet_graph::Tensor;

/// Rank and meaning of the axes of a convolution's kernel.
const TO_LAST: [usize; 4] = [2, 3, 1, 0];
const TO_FIRST: [usize; 4] = [3, 2, 0, 1];

/// The tensor whose axis `i` is axis `axes[i]` of `tensor`, as NumPy's `transpose` gives it;
/// `None` unless `axes` names each axis once.
pub(crate) fn transposed<const RANK: usize>(
    tensor: &Tensor,
    axes: [usize; RANK],
) -> Option<Tensor> {
    let extents: [usize; RANK] = tensor.shape().dims().try_into().ok()?;
    let mut named = axes;
    named.sort_unstable();
    if named.into_iter().ne(0..RANK) {
        return None;
    }
    let mut strides = [1; RANK];
    for axis in (1..RANK).rev() {
        strides[axis - 1] = strides[axis] * extents[axis];
    }
    let shape = axes.map(|axis| extents[axis]);
    let data = tensor.data();
    Some(Tensor::from_fn(shape, |place| {
        // The innermost extent of the result turns fastest.
        let (_, from) = (0..RANK).rev().fold((place, 0), |(rest, from), axis| {
            let index = rest % shape[axis];
            (rest / shape[axis], from + index * strides[axes[axis]])
        });
        data[from]
    }))
}

/// The kernel of a convolution, `[out, in, height, width]` to `[height, width, in, out]`. With
/// groups, `in` is what one group takes.
pub(crate) fn kernel_to_last(kernel: &Tensor) -> Option<Tensor> {
    transposed(kernel, TO_LAST)
}

/// The kernel of a convolution, `[height, width, in, out]` to `[out, in, height, width]`.
pub(crate) fn kernel_to_first(kernel: &Tensor) -> Option<Tensor> {
    transposed(kernel, TO_FIRST)
}

/// The kernel of a convolution of each of `channels` by itself, `[channels·multiplier, 1,
/// height, width]` to `[height, width, channels, multiplier]`.
pub(crate) fn depthwise_to_last(kernel: &Tensor, channels: usize) -> Option<Tensor> {
    let &[outputs, 1, height, width] = kernel.shape().dims() else {
        return None;
    };
    let multiplier = outputs.checked_div(channels)?;
    // Fails unless the outputs are so many of each channel.
    kernel_to_last(kernel)?
        .reshaped([height, width, channels, multiplier])
        .ok()
}

/// The kernel of a convolution of each channel by itself, `[height, width, channels,
/// multiplier]` to `[channels·multiplier, 1, height, width]`.
pub(crate) fn depthwise_to_first(kernel: &Tensor) -> Option<Tensor> {
    let &[height, width, channels, multiplier] = kernel.shape().dims() else {
        return None;
    };
    let joined = kernel
        .clone()
        .reshaped([height, width, 1, channels * multiplier]);
    kernel_to_first(&joined.ok()?)
}

/// The kernel `[features, units]` of a dense layer, or one number for each of `[features]`, where
/// the features are those of a flattened image of extents `[height, width, channels]`: from the
/// order channels, rows, columns to the order rows, columns, channels.
pub(crate) fn features_to_last(weights: &Tensor, image: [usize; 3]) -> Option<Tensor> {
    let [height, width, channels] = image;
    reordered(weights, [channels, height, width], [1, 2, 0, 3])
}

/// As [`features_to_last`], the other way: from the order rows, columns, channels to the order
/// channels, rows, columns.
pub(crate) fn features_to_first(weights: &Tensor, image: [usize; 3]) -> Option<Tensor> {
    reordered(weights, image, [2, 0, 1, 3])
}

fn reordered(weights: &Tensor, image: [usize; 3], axes: [usize; 4]) -> Option<Tensor> {
    let units = match weights.shape().dims() {
        [_features] => 1,
        &[_features, units] => units,
        _ => return None,
    };
    let [a, b, c] = image;
    let apart = weights.clone().reshaped([a, b, c, units]).ok()?;
    transposed(&apart, axes)?
        .reshaped(weights.shape().clone())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tensor of 0, 1, 2, …
    fn count(shape: &[usize]) -> Tensor {
        Tensor::from_fn(shape.to_vec(), |i| i as f32)
    }

    /// `numpy.arange(6).reshape(2, 3).T`
    #[test]
    fn two_axes_change_places() {
        let columns = transposed(&count(&[2, 3]), [1, 0]).unwrap();
        assert_eq!(columns.shape().dims(), [3, 2]);
        assert_eq!(columns.data(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    }

    #[test]
    fn axes_that_the_tensor_does_not_have_are_refused() {
        assert_eq!(transposed(&count(&[2, 3]), [0, 0]), None);
        assert_eq!(transposed(&count(&[2, 3]), [0, 2]), None);
        assert_eq!(transposed(&count(&[2, 3]), [0, 1, 2]), None);
    }

    /// Two filters over one channel, 1×2 pixels: `[[[[0, 1]]], [[[2, 3]]]]` are the pixels of
    /// the first filter and those of the second; channels-last, each pixel has both filters.
    #[test]
    fn a_kernel_has_its_filters_innermost() {
        let last = kernel_to_last(&count(&[2, 1, 1, 2])).unwrap();
        assert_eq!(last.shape().dims(), [1, 2, 1, 2]);
        assert_eq!(last.data(), [0.0, 2.0, 1.0, 3.0]);
    }

    /// Two channels with two filters each, of one pixel: the outputs stay in their order.
    #[test]
    fn a_depthwise_kernel_keeps_the_order_of_its_outputs() {
        let last = depthwise_to_last(&count(&[4, 1, 1, 1]), 2).unwrap();
        assert_eq!(last.shape().dims(), [1, 1, 2, 2]);
        assert_eq!(last.data(), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(depthwise_to_last(&count(&[4, 1, 1, 1]), 3), None);
        assert_eq!(depthwise_to_last(&count(&[4, 1, 1, 1]), 0), None);
        assert_eq!(depthwise_to_last(&count(&[4, 2, 1, 1]), 2), None);
    }

    /// An image of 1×2 pixels with two channels. Channels-first, its four features are
    /// (channel, column) = 00, 01, 10, 11, whose rows have the weights 0, 1, 2, 3; channels-last
    /// they come as (column, channel) = 00, 01, 10, 11, which are the rows 0, 2, 1, 3.
    #[test]
    fn features_of_an_image_change_their_order() {
        let last = features_to_last(&count(&[4, 1]), [1, 2, 2]).unwrap();
        assert_eq!(last.data(), [0.0, 2.0, 1.0, 3.0]);
        let last = features_to_last(&count(&[4]), [1, 2, 2]).unwrap();
        assert_eq!(last.shape().dims(), [4]);
        assert_eq!(last.data(), [0.0, 2.0, 1.0, 3.0]);
        assert_eq!(features_to_last(&count(&[5, 1]), [1, 2, 2]), None);
    }

    /// Law: there and back is where one was, on extents that all differ.
    #[test]
    fn there_and_back_is_the_same() {
        let kernel = count(&[2, 3, 4, 5]);
        let first = kernel_to_first(&kernel).unwrap();
        assert_eq!(first.shape().dims(), [5, 4, 2, 3]);
        assert_eq!(kernel_to_last(&first), Some(kernel.clone()));

        let first = depthwise_to_first(&kernel).unwrap();
        assert_eq!(first.shape().dims(), [20, 1, 2, 3]);
        assert_eq!(depthwise_to_last(&first, 4), Some(kernel));

        let dense = count(&[2 * 3 * 4, 5]);
        let first = features_to_first(&dense, [2, 3, 4]).unwrap();
        assert_ne!(first, dense);
        assert_eq!(features_to_last(&first, [2, 3, 4]), Some(dense));
    }
}
