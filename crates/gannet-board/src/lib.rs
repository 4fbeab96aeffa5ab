//! From a board's name to firmware that runs: board registry, firmware projects, toolchains,
//! build, emulator, validation.
//!
//! ```no_run
//! use std::{path::Path, time::Duration};
//! use gannet_board::{Board, Feed, Host, Project, Toolchain, build, run_example};
//!
//! # fn network() -> Vec<(String, String)> { Vec::new() }
//! let (host, board, folder) = (Host::current(), Board::find("nucleo-f446re")?, Path::new("fw"));
//! let network_files = network();
//! let feed = Feed::Whole;
//! Project { board, network: "mnist-small", network_files: &network_files, feed, image: &[0; 784] }
//!     .write(folder)?;
//! let toolchain = Toolchain::find(&host, board.core.rust_target())?;
//! let images = build(&host, &toolchain, board, folder, |line| eprintln!("{line}"))?;
//! let run = run_example(&host, board, &images.example.path, Duration::from_secs(60))?;
//! println!("{}{} bytes of stack", run.text, run.peak_stack_bytes);
//! # Ok::<(), gannet_board::BoardError>(())
//! ```

pub mod bench;
pub mod board;
mod boot;
pub mod build;
pub mod c_build;
pub mod c_project;
mod device;
pub mod doctor;
mod embassy;
pub mod emulator;
mod error;
pub mod flash;
pub mod host;
pub mod image;
mod locate;
pub mod measure;
pub mod native;
pub mod project;
mod source;
pub mod toolchain;
pub mod trace;
pub mod validate;

pub use bench::{Bench, Subject, bench};
pub use board::Board;
pub use build::{Images, build};
pub use c_build::build_c;
pub use c_project::CProject;
pub use emulator::{Emulator, ExampleRun, run_example};
pub use error::BoardError;
pub use flash::{FlashError, Flashed, flash};
pub use host::Host;
pub use image::{Firmware, Image};
pub use locate::{Divergence, locate};
pub use measure::{Measured, measured};
pub use native::Native;
pub use project::{Feed, Project};
pub use toolchain::Toolchain;
pub use validate::{Report, Validation};
