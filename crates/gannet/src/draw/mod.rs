//! Turns values into what a person reads.

pub mod confusion;
pub mod number;
pub mod plots;
pub mod table;
