//! `cargo xtask fuzz TARGET [SECONDS]`: feeds a parser what libFuzzer makes of real files, as long
//! as told.
//!
//! The programs in `fuzz/` are built with counters of the places that they reach, which the stable
//! compiler can insert as well; what is found is kept in `fuzz/corpus` and `fuzz/artifacts`.

use std::fs;

use crate::Outcome;
use crate::process::{self, cargo, program, root, run};
use crate::workspace::Workspace;

/// LLVM's coverage of edges, with comparisons for the fuzzer to look into.
const FLAGS: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// Instructions that count go into what runs, not into build scripts: hence a target by name.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// What frameworks wrote.
const SEEDS: &str = "crates/gannet-formats/tests/fixtures";

const SECONDS: u64 = 600;

/// Builds the programs in `fuzz/` and runs the one of that name.
pub fn run_target(name: &str, arguments: &[String]) -> Outcome {
    let seconds = match arguments {
        [] => SECONDS,
        [seconds] => seconds
            .parse()
            .map_err(|_| format!("`{seconds}` is no number of seconds."))?,
        _ => return Err("`cargo xtask fuzz` takes a target and a number of seconds.".to_owned()),
    };
    let source = root()
        .join("fuzz/fuzz_targets")
        .join(name)
        .with_extension("rs");
    if !source.exists() {
        return Err(format!("There is no {}.", source.display()));
    }
    let target = Workspace::read()?.target.join("fuzz");
    let mut build = cargo(&["build", "--release", "--target", TARGET]);
    build.args(["--manifest-path", "fuzz/Cargo.toml", "--bin", name]);
    build.env("RUSTFLAGS", FLAGS.join(" "));
    build.env("CARGO_TARGET_DIR", &target);
    run(build)?;
    let [corpus, artifacts] = ["corpus", "artifacts"].map(|kind| format!("fuzz/{kind}/{name}"));
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(root().join(folder))
            .map_err(|error| format!("{folder} cannot be made: {error}."))?;
    }
    let mut fuzzer = program(target.join(TARGET).join("release").join(name), &[]);
    fuzzer.arg(format!("-max_total_time={seconds}"));
    fuzzer.arg(format!("-artifact_prefix={artifacts}/"));
    // What one file may take: two seconds and 256 MiB, beside what the fuzzer has itself.
    fuzzer.args(["-timeout=2", "-malloc_limit_mb=256", "-rss_limit_mb=1024"]);
    fuzzer.args(["-max_len=65536", "-print_final_stats=1"]);
    fuzzer.args([&corpus[..], SEEDS]);
    process::run(fuzzer)
}
