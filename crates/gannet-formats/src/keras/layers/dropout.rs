//! Layers that work in training only, and are left out.

use super::{KerasLayer, Plan};

pub(super) const DROPOUT: KerasLayer = KerasLayer {
    classes: &[
        "Dropout",
        "SpatialDropout2D",
        "GaussianNoise",
        "GaussianDropout",
    ],
    read: |_| Plan::Nothing,
    write: |_| None,
};
