//! Which real numbers an activation takes.

use gannet_graph::GraphError;
use gannet_graph::quantized::{Element, Quantization};

/// The numbers from `low` to `high`; 0 is always among them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    /// At most 0.
    pub low: f32,
    /// At least 0.
    pub high: f32,
}

impl Range {
    /// Nothing but 0.
    pub const ZERO: Range = Range {
        low: 0.0,
        high: 0.0,
    };

    /// The smallest range that has all of both.
    pub fn hull(self, other: Range) -> Range {
        Range {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    /// The same range, widened to `value`.
    pub fn with(self, value: f32) -> Range {
        Range {
            low: self.low.min(value),
            high: self.high.max(value),
        }
    }

    /// Its width.
    pub fn width(self) -> f32 {
        self.high - self.low
    }

    /// The integers of 8 bits that reach over it.
    ///
    /// # Errors
    /// [`GraphError::Range`] if it is too narrow or not finite.
    pub fn quantization(self) -> Result<Quantization, GraphError> {
        Quantization::covering(Element::I8, self.low, self.high)
    }
}
