//! Arm's PL011 serial port, which RP2040 and RP2350 have (DDI 0183, 3.3; RP2040 data sheet, 4.2).
//! 8 data bits, no parity, one stop bit.

use crate::board;
use crate::clock::{Clock, carry_out};
use crate::interrupt;
use crate::register::Register;

// SAFETY: the board's file names the base of such a port, and the manual these offsets.
const DR: Register = unsafe { Register::at(board::UART_BASE) };
// SAFETY: as above.
const FR: Register = unsafe { Register::at(board::UART_BASE + 0x18) };
// SAFETY: as above.
const IBRD: Register = unsafe { Register::at(board::UART_BASE + 0x24) };
// SAFETY: as above.
const FBRD: Register = unsafe { Register::at(board::UART_BASE + 0x28) };
// SAFETY: as above.
const LCR_H: Register = unsafe { Register::at(board::UART_BASE + 0x2C) };
// SAFETY: as above.
const CR: Register = unsafe { Register::at(board::UART_BASE + 0x30) };
// SAFETY: as above.
const IMSC: Register = unsafe { Register::at(board::UART_BASE + 0x38) };

const FR_BUSY: u32 = 1 << 3;
const FR_NOTHING_RECEIVED: u32 = 1 << 4;
const FR_FULL: u32 = 1 << 5;
/// Eight bits, and queues of several bytes.
const LCR_H_EIGHT_BITS: u32 = 0b11 << 5 | 1 << 4;
/// A queue that is half full, and one that is not empty for a while.
const IMSC_RECEIVED: u32 = 1 << 4 | 1 << 6;
const CR_ENABLE: u32 = 1 << 0 | 1 << 8 | 1 << 9;

/// The board's serial port.
pub struct Uart(());

impl Uart {
    /// Connects the pins and starts the port at the board's baud rate.
    pub fn start(clock: Clock) -> Uart {
        let _ = carry_out(board::UART_STEPS);
        CR.write(0);
        // The divisor in 64ths: a bit is sixteen of its periods.
        let divisor = (4 * clock.uart_hz + board::BAUD / 2) / board::BAUD;
        IBRD.write(divisor / 64);
        FBRD.write(divisor % 64);
        LCR_H.write(LCR_H_EIGHT_BITS);
        CR.write(CR_ENABLE);
        Uart(())
    }

    /// A second handle for the panic handler: the program that held the first has ended.
    pub(crate) fn after_panic() -> Uart {
        Uart(())
    }

    /// Sends one byte, when the port has room.
    pub fn write(&mut self, byte: u8) {
        while FR.read() & FR_FULL != 0 {}
        DR.write(u32::from(byte));
    }

    /// Waits until the last byte has left the pin.
    pub fn flush(&mut self) {
        while FR.read() & FR_BUSY != 0 {}
    }

    /// From now on every byte that arrives calls the handler of the port's interrupt, which has to
    /// [`take`] it.
    pub fn listen(&mut self) {
        IMSC.write(IMSC_RECEIVED);
        interrupt::enable(board::UART_INTERRUPT);
    }
}

/// The byte that has arrived, if any. The link's checksum finds what errors spoiled.
pub fn take() -> Option<u8> {
    (FR.read() & FR_NOTHING_RECEIVED == 0).then(|| DR.read() as u8)
}
