//! Sets of registers: what an instruction reads and writes.

use std::ops::BitOr;

/// A set of core registers, single-precision registers and the floating-point status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Registers(u64);

impl Registers {
    /// No register.
    pub const NONE: Registers = Registers(0);
    /// The floating-point status, which a comparison writes and `VMRS` reads.
    pub const FLOAT_STATUS: Registers = Registers(1 << 16);

    /// Core register `number`, 0 to 15.
    #[must_use]
    pub const fn core(number: u16) -> Registers {
        Registers(1 << (number & 15))
    }

    /// Single-precision register `number`, 0 to 31. Registers above, the upper half of the double
    /// ones, share the last ones' bits with nobody: no core here has them.
    #[must_use]
    pub const fn float(number: u16) -> Registers {
        Registers(1 << 32 << (number & 31))
    }

    /// The single-precision registers that a float operand covers: one, or the two halves of a
    /// double.
    #[must_use]
    pub const fn float_operand(number: u16, double: bool) -> Registers {
        if double {
            Registers(Self::float(2 * number).0 | Self::float(2 * number + 1).0)
        } else {
            Self::float(number)
        }
    }

    /// Whether some register is in both sets.
    #[must_use]
    pub const fn overlaps(self, other: Registers) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Registers {
    type Output = Registers;

    fn bitor(self, other: Registers) -> Registers {
        Registers(self.0 | other.0)
    }
}
