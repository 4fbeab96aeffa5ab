//! Ctrl-C: the first asks the training to stop behind its batch, the second ends the program.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C is a wish.
pub fn listen() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::SeqCst) {
            // A checkpoint is whole or not there: nothing is lost but what came after it.
            std::process::exit(130);
        }
    })?;
    Ok(())
}

/// Whether somebody wants the training to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
