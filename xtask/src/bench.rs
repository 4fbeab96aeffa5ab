//! `cargo xtask bench NAME`: measurements, built as users run the tool.

use crate::Outcome;
use crate::process::{self, cargo};

/// Each measurement's name with the crate and the example that takes it.
const BENCHES: &[(&str, &str, &str)] = &[("train", "gannet-train", "train_mnist")];

/// Runs the measurement of that name; `arguments` go to it.
pub fn run(name: &str, arguments: &[String]) -> Outcome {
    let Some((_, package, example)) = BENCHES.iter().find(|(listed, ..)| *listed == name) else {
        let names: Vec<&str> = BENCHES.iter().map(|(name, ..)| *name).collect();
        return Err(format!(
            "There is no measurement `{name}`, only: {}.",
            names.join(", ")
        ));
    };
    let mut bench = cargo(&[
        "run",
        "--release",
        "--package",
        package,
        "--example",
        example,
        "--",
    ]);
    bench.args(arguments);
    process::run(bench)
}
