//! The core's interrupt controller, as far as one interrupt needs it (ARMv7-M manual, B3.4.4 and
//! B3.4.6): a bit for each interrupt, 32 to a register.

use crate::register::Register;

const NVIC_ISER: usize = 0xE000_E100;
const NVIC_ISPR: usize = 0xE000_E200;

/// Lets the interrupt of that number through to its handler, and calls that at once, for what
/// happened before.
pub fn enable(number: usize) {
    for first in [NVIC_ISER, NVIC_ISPR] {
        // SAFETY: the controller has a register for every interrupt that the chip has.
        let register = unsafe { Register::at(first + 4 * (number / 32)) };
        register.write(1 << (number % 32));
    }
}
