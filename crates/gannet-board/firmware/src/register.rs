//! A memory-mapped 32-bit register: the only place where this firmware touches hardware.

/// A register at a fixed address.
#[derive(Clone, Copy)]
pub struct Register(*mut u32);

impl Register {
    /// Names the register at `address`.
    ///
    /// # Safety
    /// `address` must be that of a 32-bit device register of this chip, aligned to four bytes,
    /// and not ordinary memory that Rust code also uses.
    pub const unsafe fn at(address: usize) -> Register {
        Register(core::ptr::with_exposed_provenance_mut(address))
    }

    /// Reads the register.
    pub fn read(self) -> u32 {
        // SAFETY: `at` promises an aligned device register; volatile, since reading may act.
        unsafe { self.0.read_volatile() }
    }

    /// Writes the register.
    pub fn write(self, value: u32) {
        // SAFETY: `at` promises an aligned device register that is no memory of Rust's.
        unsafe { self.0.write_volatile(value) }
    }

    /// Reads, clears the bits in `clear`, sets those in `set`, writes.
    pub fn modify(self, clear: u32, set: u32) {
        self.write(self.read() & !clear | set);
    }

    /// Polls until `mask` reads as `value`; false when it did not within [`POLLS`] reads.
    #[must_use]
    pub fn becomes(self, mask: u32, value: u32) -> bool {
        (0..POLLS).any(|_| self.read() & mask == value)
    }
}

/// Bound of every wait: at least 10 ms at 16 MHz, several times the slowest start-up in the
/// data sheets (crystal 2 ms, PLL 0.3 ms).
const POLLS: u32 = 40_000;
