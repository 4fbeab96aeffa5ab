//! What a layer's windows slide over. Gannet knows images only, so a sequence
//! `[length, channels]` is read as an image one row high, `[1, length, channels]`, and a
//! window over it as one of height 1: all values stay in their order, and so do those of
//! `Flatten`. What is written are images, the network computes the same.

use gannet_graph::{GraphError, Shape, Tensor, Window};
use serde_json::Value;

use super::attributes::{border, extent};

/// The two kinds of Keras' layers that slide: `…2D` and `…1D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spatial {
    /// `[height, width, channels]`.
    Image,
    /// `[length, channels]`.
    Sequence,
}

impl Spatial {
    /// What a class slides over.
    pub fn of_class(class: &str) -> Self {
        if class.ends_with("1D") {
            Spatial::Sequence
        } else {
            Spatial::Image
        }
    }

    /// How many extents it has in Keras, without the batch.
    pub fn rank(self) -> usize {
        match self {
            Spatial::Image => 3,
            Spatial::Sequence => 2,
        }
    }

    /// The extents of a window, `[vertical, horizontal]`.
    pub fn extents(self, value: &Value) -> Option<[usize; 2]> {
        let list = value.as_array().map(Vec::as_slice);
        match (self, list) {
            (Spatial::Image, Some([vertical, horizontal])) => {
                Some([extent(vertical)?, extent(horizontal)?])
            }
            (Spatial::Image, Some([both])) => extent(both).map(|both| [both; 2]),
            (Spatial::Image, None) => extent(value).map(|both| [both; 2]),
            (Spatial::Sequence, Some([length])) => extent(length).map(|length| [1, length]),
            (Spatial::Sequence, None) => extent(value).map(|length| [1, length]),
            (_, Some(_)) => None,
        }
    }

    /// `[[above, below], [left, right]]` from one number, one for each axis, or two for each.
    pub fn borders(self, value: &Value) -> Option<[[usize; 2]; 2]> {
        let pair = |value: &Value| match value.as_array().map(Vec::as_slice) {
            Some([before, after]) => Some([border(before)?, border(after)?]),
            Some(_) => None,
            None => border(value).map(|both| [both; 2]),
        };
        match (self, value.as_array().map(Vec::as_slice)) {
            (Spatial::Sequence, _) => Some([[0; 2], pair(value)?]),
            (Spatial::Image, Some([vertical, horizontal])) => {
                Some([pair(vertical)?, pair(horizontal)?])
            }
            (Spatial::Image, Some(_)) => None,
            (Spatial::Image, None) => Some([pair(value)?; 2]),
        }
    }

    /// The shape of a kernel in the file: the window's extents and then `channels`.
    pub fn kernel_shape(self, window: Window, channels: [Option<usize>; 2]) -> Vec<Option<usize>> {
        let [height, width] = window.kernel();
        let extents = match self {
            Spatial::Image => vec![Some(height), Some(width)],
            Spatial::Sequence => vec![Some(width)],
        };
        extents.into_iter().chain(channels).collect()
    }

    /// A kernel of the file as one over images.
    pub fn kernel(self, kernel: Tensor) -> Result<Tensor, GraphError> {
        match (self, kernel.shape().dims()) {
            (Spatial::Sequence, &[length, .., channels, filters]) => {
                kernel.reshaped([1, length, channels, filters])
            }
            _ => Ok(kernel),
        }
    }
}

/// The shape of a network's input as Gannet has it.
pub(super) fn input_shape(shape: &Shape) -> Shape {
    match shape.dims() {
        &[length, channels] => Shape::from([1, length, channels]),
        _ => shape.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sequence_is_an_image_one_row_high() {
        let sequence = Spatial::of_class("Conv1D");
        assert_eq!(sequence.extents(&json!([3])), Some([1, 3]));
        assert_eq!(sequence.extents(&json!(3)), Some([1, 3]));
        assert_eq!(sequence.extents(&json!([3, 4])), None);
        let kernel = sequence.kernel(Tensor::zeros([3, 2, 5])).unwrap();
        assert_eq!(kernel.shape().dims(), [1, 3, 2, 5]);
        assert_eq!(input_shape(&Shape::from([9, 2])).dims(), [1, 9, 2]);
        assert_eq!(input_shape(&Shape::from([9])).dims(), [9]);
    }

    #[test]
    fn each_spelling_of_a_border_is_read() {
        let image = |value| Spatial::Image.borders(&value);
        assert_eq!(image(json!(2)), Some([[2, 2], [2, 2]]));
        assert_eq!(image(json!([1, 2])), Some([[1, 1], [2, 2]]));
        assert_eq!(image(json!([[0, 1], [2, 3]])), Some([[0, 1], [2, 3]]));
        assert_eq!(image(json!([1])), None);
        assert_eq!(image(json!([[1, 2], [-1, 0]])), None);
        let sequence = |value| Spatial::Sequence.borders(&value);
        assert_eq!(sequence(json!(2)), Some([[0, 0], [2, 2]]));
        assert_eq!(sequence(json!([1, 2])), Some([[0, 0], [1, 2]]));
    }
}
