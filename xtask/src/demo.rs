//! `cargo xtask demo`: sets up what is missing, builds the tool and runs its demo.

use crate::process::{self, cargo};
use crate::{Outcome, setup};

/// `arguments` go to `gannet demo`.
pub fn run(arguments: &[String]) -> Outcome {
    setup::run()?;
    let mut demo = cargo(&[
        "run",
        "--release",
        "--quiet",
        "--package",
        "gannet",
        "--",
        "demo",
    ]);
    // The files that they name are meant from where the user stands.
    demo.args(arguments).current_dir(".");
    process::run(demo)
}
