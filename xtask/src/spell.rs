//! `cargo xtask spell`: the spelling of prose, comments and names, by `typos`.
//!
//! Not part of `test`: the program is not on a bare machine. What it must let pass is in
//! `.config/typos.toml`.

use crate::Outcome;
use crate::process::{self, program};
use crate::python::Environment;

/// Python's package is the same program, already compiled.
const TYPOS: &str = "typos==1.52.0";

/// Fetches `typos` and checks the whole repository.
pub fn run() -> Outcome {
    let environment = Environment::prepare("spell", &[TYPOS])?;
    process::run(program(
        environment.program("typos"),
        &["--config", ".config/typos.toml"],
    ))
}
