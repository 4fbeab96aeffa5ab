//! Gannet's train crate.
