//! Frames: a header and a body, guarded by a CRC, between two zeros.
//!
//! `00 COBS(version, kind, tag, body, CRC-32 of all these) 00`. The leading zero cuts off
//! whatever noise came before. This layout is the same in every version of the protocol, so
//! that two versions can at least tell each other so.

use super::cobs::{CobsDecoder, Decoded, encode_cobs};
use super::crc::Crc32;

/// The version of the protocol that is spoken here.
pub const VERSION: u8 = 1;

/// Bytes at the start of a body that a [`Receiver`] keeps itself: a run's image index.
pub const HEAD_LEN: usize = 4;

const HEADER_LEN: usize = 4;
pub(super) const CRC_LEN: usize = 4;

/// What every frame begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The protocol version of the sender.
    pub version: u8,
    /// What the body is, a [`Kind`](super::Kind) if the version has it.
    pub kind: u8,
    /// Chosen by the host for a request and kept when it is sent again; a reply repeats it.
    pub tag: u16,
}

impl Header {
    const fn to_bytes(self) -> [u8; HEADER_LEN] {
        let [low, high] = self.tag.to_le_bytes();
        [self.version, self.kind, low, high]
    }

    const fn from_bytes([version, kind, low, high]: [u8; HEADER_LEN]) -> Self {
        Self {
            version,
            kind,
            tag: u16::from_le_bytes([low, high]),
        }
    }
}

/// The most bytes that a frame with a body of `body_len` takes on the wire: stuffing adds one,
/// and one more in 254; a zero stands at either end.
pub const fn frame_len_max(body_len: usize) -> usize {
    let guarded = HEADER_LEN + body_len + CRC_LEN;
    2 + guarded + 1 + guarded / 254
}

/// Gives the bytes of one frame to `write`. The body is the pieces one after another; they are
/// read where they lie.
pub fn write_frame(header: Header, body: &[&[u8]], mut write: impl FnMut(u8)) {
    let header = header.to_bytes();
    let guarded = header.iter().chain(body.iter().copied().flatten()).copied();
    let mut crc = Crc32::new();
    guarded.clone().for_each(|byte| crc.push(byte));
    let crc = crc.value().to_le_bytes();
    write(0);
    encode_cobs(guarded.chain(crc.iter().copied()), &mut write);
    write(0);
}

/// What a [`Receiver`] found between two zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A frame whose CRC is right.
    Frame {
        /// The frame's header.
        header: Header,
        /// The first bytes of the body, as far as there are any; the others are in the payload.
        head: [u8; HEAD_LEN],
        /// The length of the body, the head included.
        body_len: usize,
    },
    /// Bytes that are not a frame. What they overwrote in the payload is not to be used.
    Damaged,
}

/// Finds frames in a stream of bytes, with a few bytes of memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Receiver {
    cobs: CobsDecoder,
    crc: Crc32,
    start: [u8; HEADER_LEN + HEAD_LEN],
    /// Bytes decoded so far, the CRC's four included.
    len: usize,
    /// Whether anything stood before the end mark.
    begun: bool,
}

impl Receiver {
    /// A receiver before its first byte.
    pub const fn new() -> Self {
        Self {
            cobs: CobsDecoder::new(),
            crc: Crc32::new(),
            start: [0; HEADER_LEN + HEAD_LEN],
            len: 0,
            begun: false,
        }
    }

    /// Takes the next byte from the wire in. The body behind its head goes straight into
    /// `payload`, which has to be the same slice from the body's first byte to its last; what
    /// does not fit is counted and dropped.
    ///
    /// Nothing in `payload` may be relied on before a [`Received::Frame`] was returned.
    pub fn push(&mut self, byte: u8, payload: &mut [u8]) -> Option<Received> {
        match self.cobs.push(byte) {
            Decoded::Nothing => self.begun = true,
            Decoded::Byte(byte) => {
                self.crc.push(byte);
                let place = match self.len.checked_sub(self.start.len()) {
                    None => self.start.get_mut(self.len),
                    Some(at) => payload.get_mut(at),
                };
                if let Some(place) = place {
                    *place = byte;
                }
                self.len = self.len.saturating_add(1);
            }
            end @ (Decoded::End | Decoded::Cut) => {
                let found = self.begun.then(|| self.found(end));
                *self = Self::new();
                return found;
            }
        }
        None
    }

    /// The kind of the frame that is arriving, once it is known; it may be damaged still.
    pub const fn kind(&self) -> Option<u8> {
        if self.len < 2 {
            return None;
        }
        Some(self.start[1])
    }

    fn found(&self, end: Decoded) -> Received {
        let body_len = self.len.checked_sub(HEADER_LEN + CRC_LEN);
        match body_len {
            Some(body_len) if end == Decoded::End && self.crc.is_intact() => {
                let [version, kind, low, high, head @ ..] = self.start;
                let header = Header::from_bytes([version, kind, low, high]);
                Received::Frame {
                    header,
                    head,
                    body_len,
                }
            }
            _ => Received::Damaged,
        }
    }
}
