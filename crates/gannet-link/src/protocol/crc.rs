//! CRC-32/ISO-HDLC (the one of Ethernet and zip), fed byte by byte.
//!
//! The table has 16 entries, 64 bytes of flash: two look-ups a byte, which a microcontroller
//! does many times faster than a serial line delivers.

/// The polynomial 0x04C11DB7 with its bits reversed.
const POLYNOMIAL: u32 = 0xEDB8_8320;

/// What the register holds after a message that is followed by its own CRC, low byte first.
const RESIDUE: u32 = 0xDEBB_20E3;

const TABLE: [u32; 16] = table();

const fn table() -> [u32; 16] {
    let mut table = [0; 16];
    let mut nibble = 0;
    while nibble < 16 {
        let mut register = nibble as u32;
        let mut bit = 0;
        while bit < 4 {
            register = (register >> 1) ^ (POLYNOMIAL * (register & 1));
            bit += 1;
        }
        table[nibble] = register;
        nibble += 1;
    }
    table
}

/// A CRC-32 in the making.
#[derive(Clone, Copy, Debug)]
pub struct Crc32 {
    register: u32,
}

impl Crc32 {
    /// The CRC of nothing yet.
    pub const fn new() -> Self {
        Self { register: !0 }
    }

    /// The CRC of `bytes`.
    pub fn of(bytes: &[u8]) -> u32 {
        let mut crc = Self::new();
        bytes.iter().for_each(|&byte| crc.push(byte));
        crc.value()
    }

    /// Takes the next byte in.
    pub const fn push(&mut self, byte: u8) {
        let mut register = self.register ^ byte as u32;
        register = (register >> 4) ^ TABLE[(register & 15) as usize];
        register = (register >> 4) ^ TABLE[(register & 15) as usize];
        self.register = register;
    }

    /// The CRC of the bytes so far.
    pub const fn value(&self) -> u32 {
        !self.register
    }

    /// Whether the last four of the bytes so far are the CRC, low byte first, of those before.
    pub const fn is_intact(&self) -> bool {
        self.register == RESIDUE
    }
}

impl Default for Crc32 {
    fn default() -> Self {
        Self::new()
    }
}
