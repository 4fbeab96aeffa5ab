//! Model files: what comes in is a file that a framework wrote, or a [`Model`] to be
//! written; what goes out is the other of the two.
//!
//! A file is imported faithfully or refused with one list of all that stands in the way.
//! Files are not trusted: no size that a file declares is believed before it is checked
//! against the bytes that are there.

mod advice;
mod agreement;
mod error;
mod file;
mod hdf5;
pub mod keras;
mod layout;
mod model;
mod obstacle;
pub mod onnx;
pub mod state;
mod support;
pub mod tflite;
mod zip;

pub use agreement::largest_difference;
pub use error::FormatError;
pub use file::{FORMATS, Format, read, read_float, write};
pub use model::{Model, ModelRef};
pub use obstacle::{Obstacle, Obstacles};
pub use support::Supported;
