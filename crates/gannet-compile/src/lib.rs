//! Gannet's compile crate.
