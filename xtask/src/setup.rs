//! `cargo xtask setup`: installs what is missing, and nothing else.
//!
//! What is needed, and how to get it, is `gannet doctor`'s list, so that the two cannot differ;
//! whoever runs this has Rust, a linker and the repository already.

use std::collections::BTreeSet;

use gannet_board::{Board, Host, doctor};

use crate::Outcome;

/// Sets up for every board; says nothing when there is nothing to do.
pub fn run() -> Outcome {
    let host = Host::current();
    let targets: BTreeSet<&str> = Board::all()
        .iter()
        .map(|board| board.core.rust_target())
        .collect();
    let tell = |line: &str| println!("{line}");
    targets
        .into_iter()
        .try_for_each(|target| {
            doctor::set_up(&host, target, tell)?;
            doctor::set_up_c(&host, target, tell)
        })
        .map_err(|error| error.to_string())
}
