//! Gannet's board crate.
