//! An input that never lies in memory: its parts come in order, each row is computed with when it
//! is there, and a part that comes twice is passed over.

use super::crc::Crc32;
use super::server::Engine;

/// How much of an input was taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rows {
    /// Bytes of the input that were taken.
    taken: usize,
    /// Of these, in whole rows that were pushed.
    rows: usize,
    /// Of these, in the row that is being filled.
    in_row: usize,
    crc: Crc32,
}

impl Rows {
    /// Before the first byte.
    pub const fn new() -> Self {
        Self {
            taken: 0,
            rows: 0,
            in_row: 0,
            crc: Crc32::new(),
        }
    }

    /// Whether a part that begins at this byte of the input may come now: nothing is missing
    /// before it.
    pub const fn may_begin(&self, place: usize) -> bool {
        place <= self.taken
    }

    /// Takes what is new of the part that begins at byte `place`. An input begins at 0, whatever
    /// came before.
    pub fn take(&mut self, place: usize, part: &[u8], engine: &mut impl Engine) {
        if place == 0 {
            *self = Self::new();
        }
        let known = self.taken.saturating_sub(place);
        for &byte in part.get(known..).unwrap_or_default() {
            self.push(byte, engine);
        }
    }

    fn push(&mut self, byte: u8, engine: &mut impl Engine) {
        let row = engine.input();
        let row_len = row.len();
        if let Some(place) = row.get_mut(self.in_row) {
            *place = byte;
        }
        self.crc.push(byte);
        self.taken += 1;
        self.in_row += 1;
        if self.in_row >= row_len {
            engine.push_row(self.rows);
            self.rows += 1;
            self.in_row = 0;
        }
    }

    /// Whether the input of `len` bytes is complete and is the one with this CRC.
    pub fn are(&self, len: usize, crc: u32) -> bool {
        self.taken == len && self.crc.value() == crc
    }
}
