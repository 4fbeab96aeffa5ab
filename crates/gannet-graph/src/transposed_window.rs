//! The window of a transposed convolution: each pixel of an image adds a multiple of the kernel
//! to a larger image, one stride further for each pixel.

use crate::{GraphError, Padding, Window};

/// The window of the convolution that a layer is the transpose of, and what of the output is
/// kept; pairs are `[vertical, horizontal]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TransposedWindow {
    window: Window,
    output_padding: [usize; 2],
}

impl TransposedWindow {
    /// The transpose of `window`.
    pub fn new(window: Window) -> Self {
        TransposedWindow {
            window,
            output_padding: [0; 2],
        }
    }

    /// The same with so many rows below and columns to the right more, which the kernel may
    /// reach or not.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the padding is not explicit, which alone leaves a choice.
    pub fn with_output_padding(self, output_padding: [usize; 2]) -> Result<Self, GraphError> {
        match self.window.padding() {
            Padding::Explicit { .. } => Ok(TransposedWindow {
                output_padding,
                ..self
            }),
            _ if output_padding == [0; 2] => Ok(self),
            padding => Err(GraphError::Range {
                what: "the output padding of a Conv2DTranspose layer",
                found: format!("{output_padding:?} beside padding '{padding}'"),
                expected: "0 unless the padding is explicit",
            }),
        }
    }

    /// The window of the convolution that this one is the transpose of.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Rows below and columns to the right beyond what the padding leaves.
    pub fn output_padding(&self) -> [usize; 2] {
        self.output_padding
    }

    /// Rows above and columns to the left that are cut off.
    pub fn cut(&self) -> [usize; 2] {
        let (extent, stride) = (self.window.extent(), self.window.stride());
        match self.window.padding() {
            Padding::Valid => [0; 2],
            Padding::Same => [0, 1].map(|axis| extent[axis].saturating_sub(stride[axis]) / 2),
            Padding::Explicit {
                vertical,
                horizontal,
            } => [vertical[0], horizontal[0]],
        }
    }

    /// Height and width of the output; `None` if the padding leaves nothing.
    pub fn extents(&self, image: [usize; 2]) -> Option<[usize; 2]> {
        let (extent, stride) = (self.window.extent(), self.window.stride());
        let of = |axis: usize| {
            let between = (image[axis].checked_sub(1)?).checked_mul(stride[axis])?;
            match self.window.padding() {
                Padding::Same => image[axis].checked_mul(stride[axis]),
                Padding::Valid => between.checked_add(extent[axis].max(stride[axis])),
                Padding::Explicit {
                    vertical,
                    horizontal,
                } => {
                    let [before, after] = [vertical, horizontal][axis];
                    let whole = between.checked_add(extent[axis])?;
                    let whole = whole.checked_add(self.output_padding[axis])?;
                    whole.checked_sub(before)?.checked_sub(after)
                }
            }
        };
        Some([of(0)?, of(1)?])
    }

    /// The elements of the kernel that reach the output at `place`, each with the pixel that it
    /// is multiplied by: `(element, image row, image column)`, elements row-major.
    pub fn pixels(
        &self,
        image: [usize; 2],
        place: [usize; 2],
    ) -> impl Iterator<Item = (usize, usize, usize)> {
        let (stride, dilation) = (self.window.stride(), self.window.dilation());
        let cut = self.cut();
        let [rows, columns] = self.window.kernel();
        // The input row or column that meets element k of the kernel at the output's place.
        let source = move |axis: usize, k: usize| {
            let from = (place[axis] + cut[axis]).checked_sub(k * dilation[axis])?;
            let is_met = from % stride[axis] == 0 && from / stride[axis] < image[axis];
            is_met.then_some(from / stride[axis])
        };
        (0..rows * columns)
            .filter_map(move |k| Some((k, source(0, k / columns)?, source(1, k % columns)?)))
    }
}
