//! The host's end of the wire: a [`Client`] over anything that carries bytes.
//!
//! [`Client::connect`] greets the device and learns who it is, [`Client::run`] sends an image
//! and gives the output. Whatever is damaged or lost on the way is sent again, and what cannot
//! be repaired is a [`LinkError`] that says what was seen.
//!
//! ```no_run
//! use std::net::TcpStream;
//! use gannet_link::{Client, Patience, StreamWire};
//!
//! let stream = TcpStream::connect("localhost:4000")?;
//! let wire = StreamWire::new(stream.try_clone()?, stream);
//! let mut client = Client::connect(wire, Patience::default())?;
//! client.expect("mnist-small", [0x3b, 0x51, 0, 0, 0, 0, 0, 1])?;
//! let outcome = client.run(0, &[0; 784])?;
//! assert_eq!(outcome.output.len(), 40);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "serial")]
mod baud;
mod counts;
mod device;
mod error;
mod exchange;
mod images;
mod insight;
mod listener;
mod parts;
#[cfg(feature = "serial")]
mod serial;
mod session;
mod stream;
mod tutorial;
mod wire;

pub use counts::Counts;
pub use device::Device;
pub use error::LinkError;
pub use images::RunAll;
pub use insight::MemoryBehind;
#[cfg(feature = "serial")]
pub use serial::SerialWire;
pub use session::{Client, Outcome, Patience};
pub use stream::StreamWire;
pub use tutorial::{Tutorial, TutorialError};
pub use wire::Wire;
