//! What can go wrong while a picture is drawn.

use gannet_data::DataError;

/// Why a picture cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The drawing crate refused.
    #[error("the picture cannot be drawn: {reason}")]
    Draw {
        /// What it says.
        reason: String,
    },
    /// The finished picture cannot be encoded.
    #[error("the picture cannot be written as PNG")]
    Png(#[source] DataError),
}

impl PlotError {
    pub(crate) fn draw(error: impl std::fmt::Display) -> Self {
        Self::Draw {
            reason: error.to_string(),
        }
    }
}
