//! Gannet's data crate.
