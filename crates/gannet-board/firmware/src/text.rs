//! Plain text on the serial port, without `core::fmt` and the kilobytes that it brings.

use crate::uart::Uart;

/// Sends text.
pub fn print(uart: &mut Uart, text: &str) {
    text.bytes().for_each(|byte| uart.write(byte));
}

/// Sends an unsigned number in decimal.
pub fn print_u32(uart: &mut Uart, value: u32) {
    if value >= 10 {
        print_u32(uart, value / 10);
    }
    uart.write(b'0' + (value % 10) as u8);
}

/// Sends bytes as hexadecimal digits.
pub fn print_hex(uart: &mut Uart, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        uart.write(DIGITS[usize::from(byte >> 4)]);
        uart.write(DIGITS[usize::from(byte & 15)]);
    }
}
