//! Keras' model files: whole models as `.h5`, which all versions write, and as `.keras`, which
//! Keras 3 does.
//!
//! Read: what Keras 1, 2 and 3 write, `Sequential` and `Functional`, models within models.
//! Written: a form that Keras 2.15 and 3 both open.
//!
//! Networks of sequences `[length, channels]`, of the layers `…1D`, are read as networks of
//! images one row high, `[1, length, channels]`.

mod archive;
mod attributes;
mod config;
mod data_format;
mod description;
mod features;
mod functions;
mod h5;
mod keras_1;
mod layers;
mod model;
mod network;
mod order;
mod snake_case;
mod spatial;
mod support;
mod unwritable;
mod variables;
mod version;
mod weights;
mod wiring;

pub use archive::{from_archive, to_archive};
pub use h5::{from_h5, read_h5, to_h5, write_h5};
pub(crate) use support::NOTES;
pub use support::supported;
