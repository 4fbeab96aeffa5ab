//! The serial port of Arm's MPS2 boards: data, state, control and baud divider (Cortex-M System
//! Design Kit, DDI 0479, 4.3). 8 data bits, no parity, one stop bit.

use crate::board;
use crate::clock::{Clock, carry_out};
use crate::interrupt;
use crate::register::Register;

// SAFETY: the board's file names the base of such a port, and the manual these offsets.
const DATA: Register = unsafe { Register::at(board::UART_BASE) };
// SAFETY: as above.
const STATE: Register = unsafe { Register::at(board::UART_BASE + 0x04) };
// SAFETY: as above.
const CTRL: Register = unsafe { Register::at(board::UART_BASE + 0x08) };
// SAFETY: as above.
const INTCLEAR: Register = unsafe { Register::at(board::UART_BASE + 0x0C) };
// SAFETY: as above.
const BAUDDIV: Register = unsafe { Register::at(board::UART_BASE + 0x10) };

const STATE_SENDING: u32 = 1 << 0;
const STATE_RECEIVED: u32 = 1 << 1;
const CTRL_SEND_AND_RECEIVE: u32 = 0b11;
const CTRL_RECEIVE_INTERRUPT: u32 = 1 << 3;
const INTCLEAR_RECEIVED: u32 = 1 << 1;
/// The smallest divider that the port takes.
const DIVIDER_MIN: u32 = 16;

/// The board's serial port.
pub struct Uart(());

impl Uart {
    /// Starts the port at the board's baud rate.
    pub fn start(clock: Clock) -> Uart {
        let _ = carry_out(board::UART_STEPS);
        let divider = (clock.uart_hz + board::BAUD / 2) / board::BAUD;
        BAUDDIV.write(divider.max(DIVIDER_MIN));
        CTRL.write(CTRL_SEND_AND_RECEIVE);
        Uart(())
    }

    /// A second handle for the panic handler: the program that held the first has ended.
    pub(crate) fn after_panic() -> Uart {
        Uart(())
    }

    /// Sends one byte, when the port has room.
    pub fn write(&mut self, byte: u8) {
        self.flush();
        DATA.write(u32::from(byte));
    }

    /// Waits until the last byte has been taken.
    pub fn flush(&mut self) {
        while STATE.read() & STATE_SENDING != 0 {}
    }

    /// From now on every byte that arrives calls the handler of the port's interrupt, which has to
    /// [`take`] it.
    pub fn listen(&mut self) {
        CTRL.write(CTRL_SEND_AND_RECEIVE | CTRL_RECEIVE_INTERRUPT);
        interrupt::enable(board::UART_INTERRUPT);
    }
}

/// The byte that has arrived, if any.
pub fn take() -> Option<u8> {
    if STATE.read() & STATE_RECEIVED == 0 {
        return None;
    }
    // Cleared before the byte is taken: the next one sets it again.
    INTCLEAR.write(INTCLEAR_RECEIVED);
    Some(DATA.read() as u8)
}
