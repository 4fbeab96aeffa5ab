//! The serial port of STM32F0, F3, F7, G, H and L: control, baud rate, status and two data
//! registers (RM0351, 40.8; RM0433, 48.7). 8 data bits, no parity, one stop bit.

use crate::board;
use crate::clock::{Clock, carry_out};
use crate::interrupt;
use crate::register::Register;

// SAFETY: the board's file names the base of such a port, and the manual these offsets.
const CR1: Register = unsafe { Register::at(board::UART_BASE) };
// SAFETY: as above.
const BRR: Register = unsafe { Register::at(board::UART_BASE + 0x0C) };
// SAFETY: as above.
const ISR: Register = unsafe { Register::at(board::UART_BASE + 0x1C) };
// SAFETY: as above.
const ICR: Register = unsafe { Register::at(board::UART_BASE + 0x20) };
// SAFETY: as above.
const RDR: Register = unsafe { Register::at(board::UART_BASE + 0x24) };
// SAFETY: as above.
const TDR: Register = unsafe { Register::at(board::UART_BASE + 0x28) };

const CR1_UE: u32 = 1 << 0;
const CR1_RE: u32 = 1 << 2;
const CR1_TE: u32 = 1 << 3;
const CR1_RXNEIE: u32 = 1 << 5;
const ISR_ERRORS: u32 = 0b1111;
const ISR_RXNE: u32 = 1 << 5;
const ISR_TC: u32 = 1 << 6;
const ISR_TXE: u32 = 1 << 7;

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
        while ISR.read() & ISR_TXE == 0 {}
        TDR.write(u32::from(byte));
    }

    /// Waits until the last byte has left the pin.
    pub fn flush(&mut self) {
        while ISR.read() & ISR_TC == 0 {}
    }

    /// From now on every byte that arrives calls the handler of the port's interrupt, which has to
    /// [`take`] it.
    pub fn listen(&mut self) {
        CR1.modify(0, CR1_RXNEIE);
        interrupt::enable(board::UART_INTERRUPT);
    }
}

/// The byte that has arrived, if any. The link's checksum finds what framing, noise and
/// overrun errors spoiled; unless they are cleared, the port stops.
pub fn take() -> Option<u8> {
    let status = ISR.read();
    if status & ISR_ERRORS != 0 {
        ICR.write(ISR_ERRORS);
    }
    (status & ISR_RXNE != 0).then(|| RDR.read() as u8)
}
