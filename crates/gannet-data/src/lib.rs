//! Data sets of labelled images: IDX files and the bundled MNIST, one value for all of them
//! ([`Dataset`]), and what is done with one: statistics, pictures, exports, scores.
//!
//! ```
//! # #[cfg(feature = "bundled-mnist")] {
//! use gannet_data::{Dataset, ImageRef};
//!
//! let mnist = Dataset::open("mnist")?;
//! let four: ImageRef = "mnist:train/2".parse()?;
//! let sample = four.find_in(&mnist)?;
//! assert_eq!((sample.label, sample.image.pixels().len()), (4, 28 * 28));
//! # }
//! # Ok::<(), gannet_data::DataError>(())
//! ```

mod classes;
mod dataset;
mod error;
pub mod export;
pub mod idx;
mod images;
#[cfg(feature = "bundled-mnist")]
pub mod mnist;
pub mod preview;
mod reference;
pub mod score;
pub mod stats;
mod take_out;

pub use classes::Classes;
pub use dataset::{Dataset, Sample, Split, SplitName};
pub use error::DataError;
pub use images::{Image, ImageShape, Images};
pub use reference::ImageRef;
pub use score::{Score, Scorer};
pub use stats::SplitStats;
