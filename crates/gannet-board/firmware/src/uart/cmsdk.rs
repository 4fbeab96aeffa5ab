//! The serial port of Arm's MPS2 boards: data, state, control and baud divider (Cortex-M System
//! Design Kit, DDI 0479, 4.3). 8 data bits, no parity, one stop bit, polled.

use crate::board;
use crate::clock::{Clock, carry_out};
use crate::register::Register;

// SAFETY: the board's file names the base of such a port, and the manual these offsets.
const DATA: Register = unsafe { Register::at(board::UART_BASE) };
// SAFETY: as above.
const STATE: Register = unsafe { Register::at(board::UART_BASE + 0x04) };
// SAFETY: as above.
const CTRL: Register = unsafe { Register::at(board::UART_BASE + 0x08) };
// SAFETY: as above.
const BAUDDIV: Register = unsafe { Register::at(board::UART_BASE + 0x10) };

const STATE_SENDING: u32 = 1 << 0;
const STATE_RECEIVED: u32 = 1 << 1;
const CTRL_SEND_AND_RECEIVE: u32 = 0b11;
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

    /// The byte that has arrived, if any.
    pub fn read(&mut self) -> Option<u8> {
        (STATE.read() & STATE_RECEIVED != 0).then(|| DATA.read() as u8)
    }
}
