//! Ctrl-C: the first asks the training to stop behind its batch, one that comes later ends the
//! program.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// When Ctrl-C came first.
static ASKED: OnceLock<Instant> = OnceLock::new();

/// A wrapper that passes a signal on makes two of one: those that come together are one wish.
const TOGETHER: Duration = Duration::from_secs(1);

/// From now on Ctrl-C is a wish.
pub fn listen() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        if ASKED.get_or_init(Instant::now).elapsed() > TOGETHER {
            // A checkpoint is whole or not there: nothing is lost but what came after it.
            std::process::exit(130);
        }
    })?;
    Ok(())
}

/// Whether somebody wants the training to stop.
pub fn asked() -> bool {
    ASKED.get().is_some()
}
