//! `cargo xtask boards`: builds firmware for every board, and boots it wherever there is an
//! emulator. `test` does so for one machine of each core only, as all of them take minutes.

use crate::process::{self, cargo};
use crate::{Outcome, setup};

/// Sets up what is missing, then runs the tests that go through all boards.
pub fn run() -> Outcome {
    setup::run()?;
    process::run(cargo(&[
        "test",
        "--quiet",
        "--package",
        "gannet-board",
        "--package",
        "gannet",
        "--test",
        "boards",
        "--",
        "--ignored",
        "--nocapture",
    ]))
}
