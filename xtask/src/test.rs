//! `cargo xtask test`: every check and every test, the quick ones first.
//!
//! Each step says its name when it starts and its duration when it ends; the first that fails ends
//! the run with its output. A new check is one more step here.

use std::io::Write;
use std::time::Instant;

use crate::process::{cargo, run_silently};
use crate::workspace::Workspace;
use crate::{Outcome, layers, licences, setup, suites};

/// Sets up what is missing, then runs the steps.
pub fn run() -> Outcome {
    setup::run()?;
    step("format", || {
        run_silently(cargo(&["fmt", "--all", "--check"]))
    })?;
    let workspace = Workspace::read()?;
    step("layers", || layers::check(&workspace))?;
    step("licences", || licences::check(&workspace))?;
    step("clippy", || {
        run_silently(cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ]))
    })?;
    step("documentation", || {
        let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
        doc.env("RUSTDOCFLAGS", "-D warnings");
        run_silently(doc)
    })?;
    println!("tests ...");
    // One failing suite must not hide the next.
    suites::run(cargo(&["test", "--workspace", "--no-fail-fast"]))
}

/// Runs one check between its name and its duration.
fn step(name: &str, check: impl FnOnce() -> Outcome) -> Outcome {
    print!("{name} ... ");
    // A name that comes late is no loss.
    let _ = std::io::stdout().flush();
    let start = Instant::now();
    let outcome = check();
    let ending = if outcome.is_ok() { "" } else { ", failed" };
    println!("{:.1} s{ending}", start.elapsed().as_secs_f32());
    outcome
}
