//! A window that slides over an image: what convolution and pooling share.
//!
//! The arithmetic is TensorFlow's (and so Keras'): `same` gives `ceil(input / stride)`
//! outputs and puts the odd padding row below and to the right; `valid` never leaves the image.
//! ONNX and PyTorch say how much padding there is on each side: that is explicit padding.

use std::fmt;

use crate::{GraphError, Shape, Tensor};

/// What a window does at the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Stay inside the image.
    Valid,
    /// Go over the border so that there are `ceil(input / stride)` outputs.
    Same,
    /// Go over the border so far. The last position may leave some of it out.
    Explicit {
        /// Rows `[above, below]`.
        vertical: [usize; 2],
        /// Columns `[left, right]`.
        horizontal: [usize; 2],
    },
}

impl Padding {
    /// Explicit padding of these widths, or none.
    pub fn explicit(vertical: [usize; 2], horizontal: [usize; 2]) -> Self {
        if [vertical, horizontal] == [[0; 2]; 2] {
            Padding::Valid
        } else {
            Padding::Explicit {
                vertical,
                horizontal,
            }
        }
    }
}

impl fmt::Display for Padding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Padding::Valid => f.write_str("valid"),
            Padding::Same => f.write_str("same"),
            Padding::Explicit {
                vertical: [top, bottom],
                horizontal: [left, right],
            } => write!(f, "(({top}, {bottom}), ({left}, {right}))"),
        }
    }
}

/// Extents, step, spacing and border rule of a sliding window; pairs are
/// `[vertical, horizontal]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
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
        not_zero(kernel, "the extent of a window")?;
        not_zero(stride, "the stride of a window")?;
        Ok(Window {
            kernel,
            stride,
            dilation: [1, 1],
            padding,
        })
    }

    /// The same window with its elements `dilation` pixels apart: 1 if side by side.
    ///
    /// # Errors
    /// [`GraphError::Zero`] if a distance is zero.
    pub fn with_dilation(self, dilation: [usize; 2]) -> Result<Self, GraphError> {
        not_zero(dilation, "the dilation of a window")?;
        Ok(Window { dilation, ..self })
    }

    /// The same window with another border rule.
    pub fn with_padding(self, padding: Padding) -> Self {
        Window { padding, ..self }
    }

    /// How many elements it has.
    pub fn kernel(&self) -> [usize; 2] {
        self.kernel
    }

    /// Its steps.
    pub fn stride(&self) -> [usize; 2] {
        self.stride
    }

    /// How many pixels its elements are apart.
    pub fn dilation(&self) -> [usize; 2] {
        self.dilation
    }

    /// Its border rule.
    pub fn padding(&self) -> Padding {
        self.padding
    }

    /// How many pixels it reaches over: `(kernel − 1) · dilation + 1`.
    pub fn extent(&self) -> [usize; 2] {
        [0, 1].map(|axis| {
            let distance = (self.kernel[axis] - 1).saturating_mul(self.dilation[axis]);
            distance.saturating_add(1)
        })
    }

    /// How many positions the window takes on an image of `image` extents; `None` if the
    /// image with its padding is smaller than a window that must stay inside.
    pub fn positions(&self, image: [usize; 2]) -> Option<[usize; 2]> {
        let extent = self.extent();
        let inside = |axis: usize, [before, after]: [usize; 2]| {
            let padded = image[axis].saturating_add(before).saturating_add(after);
            Some(padded.checked_sub(extent[axis])? / self.stride[axis] + 1)
        };
        match self.padding {
            Padding::Same => Some([0, 1].map(|axis| image[axis].div_ceil(self.stride[axis]))),
            Padding::Valid => Some([inside(0, [0; 2])?, inside(1, [0; 2])?]),
            Padding::Explicit {
                vertical,
                horizontal,
            } => Some([inside(0, vertical)?, inside(1, horizontal)?]),
        }
    }

    /// Rows above and columns left of the image that the first position covers.
    pub fn pad_before(&self, image: [usize; 2]) -> [usize; 2] {
        match self.padding {
            Padding::Valid => [0; 2],
            Padding::Explicit {
                vertical,
                horizontal,
            } => [vertical[0], horizontal[0]],
            Padding::Same => [0, 1].map(|axis| {
                let (input, stride) = (image[axis], self.stride[axis]);
                let last = (input.div_ceil(stride).max(1) - 1) * stride;
                let covered = last.saturating_add(self.extent()[axis]);
                covered.saturating_sub(input) / 2
            }),
        }
    }

    /// Its attributes under Keras' names; `extent` is `kernel_size` or `pool_size`.
    pub(crate) fn attributes(&self, extent: &'static str) -> Vec<(&'static str, String)> {
        let mut attributes = vec![
            (extent, Shape::from(self.kernel).to_string()),
            ("strides", Shape::from(self.stride).to_string()),
            ("padding", self.padding.to_string()),
        ];
        if self.dilation != [1, 1] {
            attributes.push(("dilation_rate", Shape::from(self.dilation).to_string()));
        }
        attributes
    }

    /// The last two extents of a kernel `[height, width, …]` for this window; `words` says what
    /// they are.
    ///
    /// # Errors
    /// [`GraphError::WeightShape`] if the kernel's other extents are not the window's.
    pub(crate) fn channels_of(
        &self,
        kind: &'static str,
        kernel: &Shape,
        words: &str,
    ) -> Result<[usize; 2], GraphError> {
        match kernel.dims() {
            &[height, width, a, b] if [height, width] == self.kernel => Ok([a, b]),
            _ => Err(GraphError::WeightShape {
                kind,
                weight: "kernel",
                expected: format!("[{}, {}, {words}]", self.kernel[0], self.kernel[1]),
                found: kernel.clone(),
            }),
        }
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

    /// The shape of what pooling makes of `input`: each position has to cover a pixel.
    ///
    /// # Errors
    /// If the input is no image, is smaller than the window, or lies outside some position.
    pub(crate) fn pooled_shape(
        &self,
        layer: &str,
        kind: &'static str,
        input: &Shape,
    ) -> Result<Shape, GraphError> {
        let ([rows, columns], channels) = self.output(layer, kind, input)?;
        let [height, width, _] = crate::layer::image(layer, kind, input)?;
        let (before, extent) = (self.pad_before([height, width]), self.extent());
        let covers = |axis: usize, image: usize, positions: usize| {
            let first_reaches =
                before[axis] < extent[axis] && (before[axis] == 0 || self.dilation[axis] <= image);
            let last = (positions - 1) * self.stride[axis];
            first_reaches && last < image.saturating_add(before[axis])
        };
        if covers(0, height, rows) && covers(1, width, columns) {
            return Ok(Shape::from([rows, columns, channels]));
        }
        Err(GraphError::EmptyWindow {
            layer: layer.to_owned(),
            kind,
            padding: self.padding,
            found: input.clone(),
        })
    }

    /// What `of` makes of the pixels under each position, channel by channel.
    pub(crate) fn pool(
        &self,
        image: &Tensor,
        output: &Shape,
        of: impl Fn(&mut dyn Iterator<Item = f32>) -> f32,
    ) -> Tensor {
        let [height, width, channels] = image.shape().as_image().expect("checked shape");
        let [_, columns, _] = output.as_image().expect("checked shape");
        Tensor::from_fn(output.clone(), |i| {
            let (position, channel) = (i / channels, i % channels);
            let position = [position / columns, position % columns];
            let mut values = self
                .pixels([height, width], position)
                .map(|(_, _, y, x)| image.data()[(y * width + x) * channels + channel]);
            of(&mut values)
        })
    }

    /// The pixels `(window row, window column, image row, image column)` inside the image
    /// that the window covers at output position `[row, column]`.
    pub(crate) fn pixels(
        &self,
        image: [usize; 2],
        position: [usize; 2],
    ) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        let pad = self.pad_before(image);
        let (kernel, stride, dilation) = (self.kernel, self.stride, self.dilation);
        let inside = move |axis: usize, k: usize| {
            (position[axis] * stride[axis] + k * dilation[axis])
                .checked_sub(pad[axis])
                .filter(|&p| p < image[axis])
        };
        (0..kernel[0]).flat_map(move |ky| {
            (0..kernel[1]).filter_map(move |kx| Some((ky, kx, inside(0, ky)?, inside(1, kx)?)))
        })
    }
}

fn not_zero(pair: [usize; 2], what: &'static str) -> Result<(), GraphError> {
    if pair.contains(&0) {
        return Err(GraphError::Zero { what });
    }
    Ok(())
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

    /// PyTorch's rule: floor((in + before + after − dilation·(k − 1) − 1) / s) + 1.
    #[test]
    fn explicit_padding_and_dilation_follow_pytorch() {
        let padding = Padding::explicit([1, 2], [0, 3]);
        let window = Window::new([3, 2], [2, 1], padding).unwrap();
        let window = window.with_dilation([2, 3]).unwrap();
        assert_eq!(window.extent(), [5, 4]);
        // (7 + 3 − 5)/2 + 1 and (5 + 3 − 4)/1 + 1.
        assert_eq!(window.positions([7, 5]), Some([3, 5]));
        assert_eq!(window.pad_before([7, 5]), [1, 0]);
        assert_eq!(window.positions([1, 5]), None);
        assert_eq!(Padding::explicit([0; 2], [0; 2]), Padding::Valid);
    }

    #[test]
    fn a_position_in_the_padding_alone_cannot_be_pooled() {
        let shape = |padding, dilation: usize| {
            let window = Window::new([2, 2], [1, 1], padding).unwrap();
            let window = window.with_dilation([dilation; 2]).unwrap();
            window.pooled_shape("pool", "MaxPooling2D", &Shape::from([3, 3, 1]))
        };
        let on_left = |width| Padding::explicit([0; 2], [width, 0]);
        let on_right = |width| Padding::explicit([0; 2], [0, width]);
        assert_eq!(shape(on_left(1), 1), Ok(Shape::from([2, 3, 1])));
        assert_eq!(shape(on_right(1), 1), Ok(Shape::from([2, 3, 1])));
        for empty in [shape(on_left(2), 1), shape(on_right(2), 1)] {
            let text = empty.unwrap_err().to_string();
            assert!(text.contains("padding alone"), "{text}");
        }
        // Elements at −2 and 4 of three columns.
        assert!(shape(Padding::explicit([2, 4], [2, 4]), 6).is_err());
    }
}
