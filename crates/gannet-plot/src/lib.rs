//! Pictures of a network and of its training: [`Curves`], [`ConfusionPlot`], [`Gallery`] and
//! [`Filters`]. Each takes values and draws itself, as [`Picture`] says, as SVG, as PNG or as
//! text for a terminal. The same values always give the same bytes.
//!
//! ```
//! use gannet_plot::{Curves, EpochPoint, Ink, Picture};
//!
//! let epoch = |loss, accuracy| EpochPoint { loss, accuracy, val_loss: loss, val_accuracy: accuracy };
//! let curves = Curves::new(&[epoch(0.9, 0.71), epoch(0.2, 0.94), epoch(0.1, 0.97)]);
//! assert!(curves.to_svg()?.contains("lowest 0.1000 in epoch 3"));
//! assert!(curves.to_text(80, Ink::Ascii).contains("Accuracy"));
//! # Ok::<(), gannet_plot::PlotError>(())
//! ```

mod braille;
mod canvas;
mod caption;
mod confusion;
mod curves;
mod error;
mod filters;
mod font;
mod gallery;
mod palette;
mod picture;
mod raster;

pub use confusion::ConfusionPlot;
pub use curves::{Curves, EpochPoint};
pub use error::PlotError;
pub use filters::Filters;
pub use gallery::{Gallery, WorstImage};
pub use gannet_data::preview::Ink;
pub use picture::Picture;
