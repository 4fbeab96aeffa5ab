//! Consistent Overhead Byte Stuffing: any bytes in, bytes without a zero out, one more in 254.
//!
//! A zero is then free to mark where a frame ends. After Cheshire and Baker, "Consistent
//! Overhead Byte Stuffing", IEEE/ACM Transactions on Networking 7(2), 1999. The encoder looks
//! ahead in the source and not in a copy; the decoder gives out each byte as it comes.

/// The longest run of bytes without a zero that one code byte can announce.
const LONGEST_RUN: u8 = 254;

/// Encodes `bytes` and gives each encoded byte, never 0, to `write`. The end mark is not written.
pub fn encode_cobs(mut bytes: impl Iterator<Item = u8> + Clone, mut write: impl FnMut(u8)) {
    loop {
        let mut ahead = bytes.clone();
        let mut run = 0;
        let stop = loop {
            if run == LONGEST_RUN {
                break None;
            }
            match ahead.next() {
                Some(0) => break Some(0),
                Some(_) => run += 1,
                None => break None,
            }
        };
        write(run + 1);
        for _ in 0..run {
            if let Some(byte) = bytes.next() {
                write(byte);
            }
        }
        // A zero is told by the code byte alone, also when it is the very last byte. A run
        // that ended because the bytes did, or was full and ended with them, is the last one.
        match stop {
            Some(_) => _ = bytes.next(),
            None if bytes.clone().next().is_none() => return,
            None => {}
        }
    }
}

/// What one encoded byte turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// Part of the encoding: no byte of the message.
    Nothing,
    /// The next byte of the message.
    Byte(u8),
    /// The end mark, where the message was complete.
    End,
    /// The end mark, where bytes that had been announced were missing.
    Cut,
}

/// Decodes a stream of messages byte by byte, each ended by a zero. Whatever comes, it is back
/// in step after the next zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct CobsDecoder {
    /// Bytes of the current run that are still to come.
    left: u8,
    /// Whether a zero stands between the current run and the next, if there is a next.
    zero_follows: bool,
}

impl CobsDecoder {
    /// A decoder before its first byte.
    pub const fn new() -> Self {
        Self {
            left: 0,
            zero_follows: false,
        }
    }

    /// Takes the next byte from the wire in.
    pub const fn push(&mut self, byte: u8) -> Decoded {
        if byte == 0 {
            let end = if self.left == 0 {
                Decoded::End
            } else {
                Decoded::Cut
            };
            *self = Self::new();
            return end;
        }
        if self.left > 0 {
            self.left -= 1;
            return Decoded::Byte(byte);
        }
        let zero = self.zero_follows;
        self.left = byte - 1;
        self.zero_follows = self.left != LONGEST_RUN;
        if zero {
            Decoded::Byte(0)
        } else {
            Decoded::Nothing
        }
    }
}
