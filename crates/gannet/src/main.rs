//! The `gannet` command: arguments in, tables, files and exit codes out.
//!
//! Exit codes: 0 done, 1 the run failed, 2 wrong usage, 3 a budget, tolerance or board limit
//! was not met, 130 stopped by Ctrl-C.

mod budget;
mod cmd;
mod compiled;
mod compression;
mod device;
mod draw;
mod failure;
mod insight;
mod integers;
mod model;
mod report;
mod screen;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

/// From pictures to validated microcontroller firmware.
///
/// Trains small networks, analyses them against a board, generates no_std Rust, builds
/// firmware, boots it in an emulator and validates it over the wire.
#[derive(Parser)]
#[command(
    name = "gannet",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: cmd::Command,
}

fn main() -> ExitCode {
    match cmd::run(Cli::parse().command, Cli::command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}
