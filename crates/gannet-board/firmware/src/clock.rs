//! Brings the core to speed as `board.rs` says. Every wait is bounded: a way that fails leaves the
//! core on the clock that it has after reset, and the next one is tried. The serial port's divisor
//! follows the clock that was really reached.

use crate::board::{self, Clocks, Step};
use crate::register::Register;

/// The clocks that were reached.
#[derive(Clone, Copy)]
pub struct Clock {
    /// Core clock in Hz; `None` where the clock tree does not answer, as in an emulator that
    /// has none.
    pub core_hz: Option<u32>,
    /// The serial port's clock in Hz.
    pub uart_hz: u32,
}

/// Brings the core to the board's full speed, or leaves it at that after reset.
pub fn start() -> Clock {
    bring_up(&board::CLOCKS)
}

/// Tries each way up in turn.
pub fn bring_up(clocks: &Clocks) -> Clock {
    let at_reset = |core_hz| Clock {
        core_hz,
        uart_hz: clocks.reset_hz / board::UART_RESET_DIVIDER,
    };
    if !clocks.answers.iter().all(Step::carry_out) {
        return at_reset(None);
    }
    for way in clocks.ways {
        if carry_out(way.steps) {
            return Clock {
                core_hz: Some(way.core_hz),
                uart_hz: way.core_hz / board::UART_DIVIDER,
            };
        }
    }
    at_reset(Some(clocks.reset_hz))
}

/// Carries out `steps` in order; false as soon as one waits in vain.
#[must_use]
pub fn carry_out(steps: &[Step]) -> bool {
    steps.iter().all(Step::carry_out)
}

impl Step {
    fn carry_out(&self) -> bool {
        // SAFETY: the board's steps name device registers of its chip.
        let register = |at| unsafe { Register::at(at) };
        match *self {
            Step::Modify { at, clear, set } => register(at).modify(clear, set),
            Step::Write { at, value } => register(at).write(value),
            Step::Wait { at, mask, value } => return register(at).becomes(mask, value),
        }
        true
    }
}
