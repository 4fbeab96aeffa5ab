//! From a board's name to firmware that runs: board registry, firmware projects, toolchains,
//! build, emulator, validation.

pub mod board;
pub mod emulator;
mod error;
pub mod host;
pub mod project;

pub use board::Board;
pub use emulator::Emulator;
pub use error::BoardError;
pub use host::Host;
pub use project::Project;
