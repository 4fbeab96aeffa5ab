//! The serial port of STM32F1 to F4: status, data, baud rate and first control register (RM0390,
//! 25.6; RM0008, 27.6). 8 data bits, no parity, one stop bit.

use crate::board;
use crate::clock::{Clock, carry_out};
use crate::interrupt;
use crate::register::Register;

// SAFETY: the board's file names the base of such a port, and the manual these offsets.
const SR: Register = unsafe { Register::at(board::UART_BASE) };
// SAFETY: as above.
const DR: Register = unsafe { Register::at(board::UART_BASE + 0x04) };
// SAFETY: as above.
const BRR: Register = unsafe { Register::at(board::UART_BASE + 0x08) };
// SAFETY: as above.
const CR1: Register = unsafe { Register::at(board::UART_BASE + 0x0C) };

const SR_ERRORS: u32 = 0b1111;
const SR_RXNE: u32 = 1 << 5;
const SR_TC: u32 = 1 << 6;
const SR_TXE: u32 = 1 << 7;
const CR1_UE: u32 = 1 << 13;
const CR1_TE: u32 = 1 << 3;
const CR1_RE: u32 = 1 << 2;
const CR1_RXNEIE: u32 = 1 << 5;

/// The board's serial port.
pub struct Uart(());

impl Uart {
    /// Connects the pins and starts the port at the board's baud rate.
    pub fn start(clock: Clock) -> Uart {
        // A port whose clock does not start stays silent, which the host tells.
        let _ = carry_out(board::UART_STEPS);
        CR1.write(0);
        BRR.write((clock.uart_hz + board::BAUD / 2) / board::BAUD);
        CR1.write(CR1_UE | CR1_TE | CR1_RE);
        Uart(())
    }

    /// A second handle for the panic handler: the program that held the first has ended.
    pub(crate) fn after_panic() -> Uart {
        Uart(())
    }

    /// Sends one byte, when the port has room.
    pub fn write(&mut self, byte: u8) {
        while SR.read() & SR_TXE == 0 {}
        DR.write(u32::from(byte));
    }

    /// Waits until the last byte has left the pin.
    pub fn flush(&mut self) {
        while SR.read() & SR_TC == 0 {}
    }

    /// From now on every byte that arrives calls the handler of the port's interrupt, which has to
    /// [`take`] it.
    pub fn listen(&mut self) {
        CR1.modify(0, CR1_RXNEIE);
        interrupt::enable(board::UART_INTERRUPT);
    }
}

/// The byte that has arrived, if any. Framing, noise and overrun errors are cleared by
/// reading the byte; the link's checksum finds what they spoiled.
pub fn take() -> Option<u8> {
    let status = SR.read();
    if status & (SR_RXNE | SR_ERRORS) == 0 {
        return None;
    }
    let byte = DR.read() as u8;
    (status & SR_RXNE != 0).then_some(byte)
}
