//! Which rows, or columns, a window covers.

use gannet_graph::Window;

use crate::ir::{Affine, Derivation};

/// Output `i` covers inputs `i·stride − pad` to below `i·stride − pad + kernel`, as far as they
/// exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) pad: usize,
}

impl Reach {
    /// Each output covers its own input only.
    pub(crate) const SAME: Reach = Reach {
        kernel: 1,
        stride: 1,
        pad: 0,
    };

    /// The only output covers all of `inputs`.
    pub(crate) fn all(inputs: usize) -> Reach {
        Reach {
            kernel: inputs,
            stride: 1,
            pad: 0,
        }
    }

    /// Along one axis of `window` on an image, 0 vertical.
    pub(crate) fn of(window: Window, image: [usize; 2], axis: usize) -> Reach {
        Reach {
            kernel: window.kernel()[axis],
            stride: window.stride()[axis],
            pad: window.pad_before(image)[axis],
        }
    }

    /// The first input that output `i` covers; negative in the padding.
    pub(crate) fn begin(self, i: Affine) -> Affine {
        i * self.stride as i64 - Affine::from(self.pad)
    }

    /// The first input behind those that output `i` covers.
    pub(crate) fn end(self, i: Affine) -> Affine {
        self.begin(i) + Affine::from(self.kernel)
    }

    /// How many inputs the first `outputs` outputs cover, were the input without end.
    pub(crate) fn covered(self, outputs: usize) -> usize {
        ((outputs.max(1) - 1) * self.stride + self.kernel).saturating_sub(self.pad)
    }

    /// Which of so many outputs begins last at an input or before it: what the input's place
    /// behind the padding gives.
    pub(crate) fn begun(self, outputs: usize) -> Derivation {
        Derivation::Begun {
            stride: self.stride,
            most: outputs - 1,
        }
    }

    /// How many outputs can cover one input.
    pub(crate) fn overlap(self) -> usize {
        self.kernel.div_ceil(self.stride)
    }
}
