//! From a board's name to firmware that runs: board registry, firmware projects, toolchains,
//! build, emulator, validation.

pub mod board;
pub mod build;
pub mod doctor;
pub mod emulator;
mod error;
pub mod host;
pub mod image;
pub mod project;
pub mod toolchain;
pub mod validate;

pub use board::Board;
pub use build::{Images, build};
pub use emulator::{Emulator, ExampleRun, run_example};
pub use error::BoardError;
pub use host::Host;
pub use image::{Firmware, Image};
pub use project::Project;
pub use toolchain::Toolchain;
pub use validate::{Report, Validation};
