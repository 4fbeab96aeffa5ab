//! Tests that write programs and start them, one at a time. While one test writes a program,
//! another must not start any: the new process has the file open for a moment, and a program that
//! is open for writing cannot be started ("text file busy").

use std::sync::{Mutex, MutexGuard, PoisonError};

static ALONE: Mutex<()> = Mutex::new(());

/// No other test of this file goes on until what this gives is dropped.
pub fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
