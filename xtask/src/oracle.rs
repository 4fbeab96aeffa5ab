//! `cargo xtask oracle`: Gannet against the programs that it must agree with (Keras and others).
//!
//! They are large and written in Python, so the tests use what they once said; this asks them
//! again.

use crate::Outcome;
use crate::process::{self, program};
use crate::python::Environment;

/// `arguments` go to `oracles/run.py`.
pub fn run(arguments: &[String]) -> Outcome {
    let environment =
        Environment::prepare("oracles", &["--requirement", "oracles/requirements.txt"])?;
    let mut oracles = program(environment.program("python"), &["oracles/run.py"]);
    oracles.args(arguments);
    process::run(oracles)
}
