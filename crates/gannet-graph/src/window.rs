//! A window that slides over an image: what convolution and pooling share.
//!
//! The arithmetic is TensorFlow's (and so Keras'): `same` gives `ceil(input / stride)`
//! outputs and puts the odd padding row below and to the right; `valid` never leaves the image.

use std::fmt;

use crate::{GraphError, Shape};

/// What a window does at the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Stay inside the image.
    Valid,
    /// Go over the border so that there are `ceil(input / stride)` outputs.
    Same,
}

impl fmt::Display for Padding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Padding::Valid => "valid",
            Padding::Same => "same",
        })
    }
}

/// Extents, step and border rule of a sliding window; pairs are `[vertical, horizontal]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: Padding,
}

impl Window {
    /// A window of `kernel` extents that moves by `stride`.
    ///
    /// # Errors
    /// [`GraphError::Zero`] if any extent or step is zero.
    pub fn new(
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: Padding,
    ) -> Result<Self, GraphError> {
        if kernel.contains(&0) {
            return Err(GraphError::Zero {
                what: "the extent of a window",
            });
        }
        if stride.contains(&0) {
            return Err(GraphError::Zero {
                what: "the stride of a window",
            });
        }
        Ok(Window {
            kernel,
            stride,
            padding,
        })
    }

    /// Its extents.
    pub fn kernel(&self) -> [usize; 2] {
        self.kernel
    }

    /// Its steps.
    pub fn stride(&self) -> [usize; 2] {
        self.stride
    }

    /// Its border rule.
    pub fn padding(&self) -> Padding {
        self.padding
    }

    /// How many positions the window takes on an image of `image` extents; `None` if the
    /// image is smaller than a window that must stay inside.
    pub fn positions(&self, image: [usize; 2]) -> Option<[usize; 2]> {
        let [v, h] = [0, 1].map(|axis| {
            let (input, kernel, stride) = (image[axis], self.kernel[axis], self.stride[axis]);
            match self.padding {
                Padding::Same => Some(input.div_ceil(stride)),
                Padding::Valid => Some(input.checked_sub(kernel)? / stride + 1),
            }
        });
        Some([v?, h?])
    }

    /// Rows above and columns left of the image that the first position covers.
    pub fn pad_before(&self, image: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| match self.padding {
            Padding::Valid => 0,
            Padding::Same => {
                let (input, kernel, stride) = (image[axis], self.kernel[axis], self.stride[axis]);
                let covered = (input.div_ceil(stride).max(1) - 1) * stride + kernel;
                covered.saturating_sub(input) / 2
            }
        })
    }

    /// Its attributes under Keras' names; `extent` is `kernel_size` or `pool_size`.
    pub(crate) fn attributes(&self, extent: &'static str) -> Vec<(&'static str, String)> {
        vec![
            (extent, Shape::from(self.kernel).to_string()),
            ("strides", Shape::from(self.stride).to_string()),
            ("padding", self.padding.to_string()),
        ]
    }

    /// `positions`, or the error that names the layer.
    pub(crate) fn output(
        &self,
        layer: &str,
        kind: &'static str,
        input: &Shape,
    ) -> Result<([usize; 2], usize), GraphError> {
        let [height, width, channels] = crate::layer::image(layer, kind, input)?;
        let positions =
            self.positions([height, width])
                .ok_or_else(|| GraphError::WindowTooLarge {
                    layer: layer.to_owned(),
                    kind,
                    kernel: Shape::from(self.kernel),
                    found: input.clone(),
                })?;
        Ok((positions, channels))
    }

    /// The pixels `(window row, window column, image row, image column)` inside the image
    /// that the window covers at output position `[row, column]`.
    pub(crate) fn pixels(
        &self,
        image: [usize; 2],
        position: [usize; 2],
    ) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        let pad = self.pad_before(image);
        let (kernel, stride) = (self.kernel, self.stride);
        let inside = move |axis: usize, k: usize| {
            (position[axis] * stride[axis] + k)
                .checked_sub(pad[axis])
                .filter(|&p| p < image[axis])
        };
        (0..kernel[0]).flat_map(move |ky| {
            (0..kernel[1]).filter_map(move |kx| Some((ky, kx, inside(0, ky)?, inside(1, kx)?)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row by hand from TensorFlow's rule: out = ceil(in / s),
    /// before = max((out − 1)·s + k − in, 0) / 2.
    #[test]
    fn same_padding_follows_tensorflow() {
        for (input, kernel, stride, out, before) in [
            (28, 5, 1, 28, 2),
            (28, 2, 2, 14, 0),
            (28, 3, 2, 14, 0),
            (7, 3, 2, 4, 1),
            (5, 4, 1, 5, 1),
            (3, 1, 2, 2, 0),
        ] {
            let window = Window::new([kernel; 2], [stride; 2], Padding::Same).unwrap();
            assert_eq!(window.positions([input; 2]), Some([out; 2]));
            assert_eq!(window.pad_before([input; 2]), [before; 2]);
        }
    }

    #[test]
    fn valid_padding_stays_inside() {
        let window = Window::new([3, 3], [2, 2], Padding::Valid).unwrap();
        assert_eq!(window.positions([28, 28]), Some([13, 13]));
        assert_eq!(window.positions([2, 28]), None);
    }
}
