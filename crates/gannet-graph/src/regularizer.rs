//! A penalty on weights that training adds to the loss. It changes nothing at inference.

/// `l1·Σ|w| + l2·Σw²` over one weight tensor, as in Keras.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Regularizer {
    /// Weight of the sum of magnitudes.
    pub l1: f32,
    /// Weight of the sum of squares.
    pub l2: f32,
}

impl Regularizer {
    /// No penalty.
    pub const NONE: Regularizer = Regularizer { l1: 0.0, l2: 0.0 };

    /// A penalty on squares only.
    pub const fn l2(l2: f32) -> Self {
        Regularizer { l1: 0.0, l2 }
    }
}
