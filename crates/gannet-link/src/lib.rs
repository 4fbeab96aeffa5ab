//! The wire between a host and the device that runs a network.
//!
//! [`protocol`] is the part that both ends share: frames, messages and the device's server. It
//! needs neither `std` nor an allocator. [`client`] is the host's end, with the feature `std`.
//! `docs/link.md` writes the protocol down to the byte.

#![cfg_attr(not(feature = "std"), no_std)]

pub mod protocol;

#[cfg(feature = "std")]
pub mod client;
#[cfg(feature = "std")]
mod sources;

#[cfg(feature = "serial")]
pub use client::SerialWire;
#[cfg(feature = "std")]
pub use client::{
    Client, Counts, Device, LinkError, MemoryBehind, Outcome, Patience, RunAll, StreamWire,
    Tutorial, TutorialError, Wire,
};
pub use protocol::*;
#[cfg(feature = "std")]
pub use sources::{C_SOURCES, SOURCES};
