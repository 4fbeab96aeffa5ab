//! The protocol both ends of the wire share: frames, messages, and the device's server.
//!
//! Only `core` is used and nothing is copied: a request's payload is decoded byte by byte
//! into the network's own input, a reply is encoded straight out of its output.
//! A device gives [`Server`] a [`Port`] and an [`Engine`]; the layers below are public so that
//! the host's end, and tests, use the same ones.

mod cobs;
mod crc;
mod element;
mod frame;
pub(crate) mod message;
mod rows;
mod server;

pub use cobs::{CobsDecoder, Decoded, encode_cobs};
pub use crc::Crc32;
pub use element::{Element, ElementType, as_bytes, as_bytes_mut};
pub use frame::{HEAD_LEN, Header, Received, Receiver, VERSION, frame_len_max, write_frame};
pub use message::{
    Capabilities, Identity, Kind, MemoryHead, OutputHead, PART_LEN, Reason, Refusal, Statistics,
    TensorInfo,
};
pub use server::{Engine, Inference, Memory, Port, Server};
