//! The serial port of nRF51 and nRF52 without DMA: tasks, events and a baud rate that is a share of
//! 2^32 (nRF51 reference manual, 29; nRF52840 product specification, 6.33). 8 data bits, no
//! parity, one stop bit.

use crate::board;
use crate::clock::{Clock, carry_out};
use crate::interrupt;
use crate::register::Register;

// SAFETY: the board's file names the base of such a port, and the manual these offsets.
const STARTRX: Register = unsafe { Register::at(board::UART_BASE) };
// SAFETY: as above.
const STARTTX: Register = unsafe { Register::at(board::UART_BASE + 0x008) };
// SAFETY: as above.
const RXDRDY: Register = unsafe { Register::at(board::UART_BASE + 0x108) };
// SAFETY: as above.
const TXDRDY: Register = unsafe { Register::at(board::UART_BASE + 0x11C) };
// SAFETY: as above.
const INTENSET: Register = unsafe { Register::at(board::UART_BASE + 0x304) };
// SAFETY: as above.
const ENABLE: Register = unsafe { Register::at(board::UART_BASE + 0x500) };
// SAFETY: as above.
const RXD: Register = unsafe { Register::at(board::UART_BASE + 0x518) };
// SAFETY: as above.
const TXD: Register = unsafe { Register::at(board::UART_BASE + 0x51C) };
// SAFETY: as above.
const BAUDRATE: Register = unsafe { Register::at(board::UART_BASE + 0x524) };

const ENABLE_UART: u32 = 4;
const INTENSET_RXDRDY: u32 = 1 << 2;
/// The baud rate register has no lower bits.
const BAUD_STEP: u64 = 0x1000;

/// The board's serial port.
pub struct Uart {
    sends: bool,
}

impl Uart {
    /// Connects the pins and starts the port at the board's baud rate.
    pub fn start(clock: Clock) -> Uart {
        let _ = carry_out(board::UART_STEPS);
        let share = ((board::BAUD as u64) << 32) / clock.uart_hz as u64;
        BAUDRATE.write(((share + BAUD_STEP / 2) / BAUD_STEP * BAUD_STEP) as u32);
        ENABLE.write(ENABLE_UART);
        RXDRDY.write(0);
        TXDRDY.write(0);
        STARTRX.write(1);
        STARTTX.write(1);
        Uart { sends: false }
    }

    /// A second handle for the panic handler: the program that held the first has ended.
    pub(crate) fn after_panic() -> Uart {
        Uart { sends: false }
    }

    /// Sends one byte, when the one before has left.
    pub fn write(&mut self, byte: u8) {
        self.flush();
        TXDRDY.write(0);
        TXD.write(u32::from(byte));
        self.sends = true;
    }

    /// Waits until the last byte has left the pin.
    pub fn flush(&mut self) {
        while self.sends && TXDRDY.read() == 0 {}
        self.sends = false;
    }

    /// From now on every byte that arrives calls the handler of the port's interrupt, which has to
    /// [`take`] it.
    pub fn listen(&mut self) {
        INTENSET.write(INTENSET_RXDRDY);
        interrupt::enable(board::UART_INTERRUPT);
    }
}

/// The byte that has arrived, if any.
pub fn take() -> Option<u8> {
    if RXDRDY.read() == 0 {
        return None;
    }
    // Cleared before the byte is taken: the next one, behind it in the queue, sets it again.
    RXDRDY.write(0);
    Some(RXD.read() as u8)
}
