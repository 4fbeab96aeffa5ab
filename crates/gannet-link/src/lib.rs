//! Gannet's link crate.
