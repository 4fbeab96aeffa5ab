//! STM32F4: clock set-up and a polled UART, from the reference manual's registers (RM0390).
//! Every wait is bounded. What fails leaves the chip on its internal oscillator, and the UART's
//! divisor follows the clock that was really reached.

use crate::board::{self, Bus, External};
use crate::register::Register;

// SAFETY: RM0390, tables 1 and 25ff: RCC at 0x4002_3800, all registers 32 bits wide.
const RCC_CR: Register = unsafe { Register::at(0x4002_3800) };
// SAFETY: as above.
const RCC_PLLCFGR: Register = unsafe { Register::at(0x4002_3804) };
// SAFETY: as above.
const RCC_CFGR: Register = unsafe { Register::at(0x4002_3808) };
// SAFETY: as above.
const RCC_AHB1ENR: Register = unsafe { Register::at(0x4002_3830) };
// SAFETY: as above.
const RCC_APB1ENR: Register = unsafe { Register::at(0x4002_3840) };
// SAFETY: as above.
const RCC_APB2ENR: Register = unsafe { Register::at(0x4002_3844) };
// SAFETY: RM0390, 5.4: PWR at 0x4000_7000.
const PWR_CR: Register = unsafe { Register::at(0x4000_7000) };
// SAFETY: as above.
const PWR_CSR: Register = unsafe { Register::at(0x4000_7004) };
// SAFETY: RM0390, 3.8: the flash interface at 0x4002_3C00.
const FLASH_ACR: Register = unsafe { Register::at(0x4002_3C00) };

const CR_HSION: u32 = 1 << 0;
const CR_HSIRDY: u32 = 1 << 1;
const CR_HSEON: u32 = 1 << 16;
const CR_HSERDY: u32 = 1 << 17;
const CR_HSEBYP: u32 = 1 << 18;
const CR_PLLON: u32 = 1 << 24;
const CR_PLLRDY: u32 = 1 << 25;
const PLLCFGR_SOURCE_HSE: u32 = 1 << 22;
const CFGR_SWITCH: u32 = 0b11;
const CFGR_SWITCH_PLL: u32 = 0b10;
const CFGR_STATUS: u32 = 0b11 << 2;
const CFGR_STATUS_PLL: u32 = 0b10 << 2;
const CFGR_DIVIDERS: u32 = 0b1111 << 4 | 0b111 << 10 | 0b111 << 13;
const APB1ENR_PWREN: u32 = 1 << 28;
const PWR_CR_VOS: u32 = 0b11 << 14;
const PWR_CR_ODEN: u32 = 1 << 16;
const PWR_CR_ODSWEN: u32 = 1 << 17;
const PWR_CSR_VOSRDY: u32 = 1 << 14;
const PWR_CSR_ODRDY: u32 = 1 << 16;
const PWR_CSR_ODSWRDY: u32 = 1 << 17;
const ACR_LATENCY: u32 = 0b1111;
/// Prefetch, instruction cache, data cache: the "ART accelerator".
const ACR_ACCELERATE: u32 = 1 << 8 | 1 << 9 | 1 << 10;

/// The clocks that were reached.
#[derive(Clone, Copy)]
pub struct Clock {
    /// Core clock in Hz; `None` where the clock tree does not answer, as in an emulator that
    /// has none.
    pub core_hz: Option<u32>,
    uart_hz: u32,
}

/// Brings the chip to the board's full speed, or leaves it on the internal oscillator.
pub fn start_clock() -> Clock {
    RCC_CR.modify(0, CR_HSION);
    if !RCC_CR.becomes(CR_HSIRDY, CR_HSIRDY) {
        return Clock {
            core_hz: None,
            uart_hz: board::INTERNAL_HZ,
        };
    }
    let reached = start_external().is_some_and(|hz| start_pll(hz, PLLCFGR_SOURCE_HSE))
        || start_pll(board::INTERNAL_HZ, 0);
    FLASH_ACR.modify(0, ACR_ACCELERATE);
    if !reached {
        return Clock {
            core_hz: Some(board::INTERNAL_HZ),
            uart_hz: board::INTERNAL_HZ,
        };
    }
    let divider = match board::UART_BUS {
        Bus::Apb1 => board::APB1_DIVIDER,
        Bus::Apb2 => board::APB2_DIVIDER,
    };
    Clock {
        core_hz: Some(board::CORE_HZ),
        uart_hz: board::CORE_HZ / divider,
    }
}

/// The external oscillator's rate, when the board has one and it started.
fn start_external() -> Option<u32> {
    let (hz, bypass) = match board::EXTERNAL {
        External::None => return None,
        External::Crystal(hz) => (hz, 0),
        External::Bypass(hz) => (hz, CR_HSEBYP),
    };
    // The bypass bit may only change while the oscillator is off.
    RCC_CR.modify(CR_HSEON, 0);
    RCC_CR.modify(CR_HSEBYP, bypass);
    RCC_CR.modify(0, CR_HSEON);
    if RCC_CR.becomes(CR_HSERDY, CR_HSERDY) {
        return Some(hz);
    }
    RCC_CR.modify(CR_HSEON, 0);
    None
}

/// Runs the PLL from a source of `source_hz` and switches the core to it (RM0390, 5.1.4 and
/// 6.2.3). On any failure the core keeps running from the internal oscillator.
fn start_pll(source_hz: u32, source: u32) -> bool {
    RCC_APB1ENR.modify(0, APB1ENR_PWREN);
    RCC_CR.modify(CR_PLLON, 0);
    if !RCC_CR.becomes(CR_PLLRDY, 0) {
        return false;
    }
    // The voltage scale may only change while the PLL is off.
    PWR_CR.modify(PWR_CR_VOS, board::VOLTAGE_SCALE_BITS << 14);
    // Bits 28..31 hold another output's divider on some parts: keep their reset value.
    RCC_PLLCFGR.write(
        (RCC_PLLCFGR.read() & 0xF000_0000)
            | (board::PLL_Q << 24)
            | source
            | ((board::PLL_P / 2 - 1) << 16)
            | (board::PLL_N << 6)
            | (source_hz / board::PLL_INPUT_HZ),
    );
    RCC_CR.modify(0, CR_PLLON);
    let running = RCC_CR.becomes(CR_PLLRDY, CR_PLLRDY)
        && PWR_CSR.becomes(PWR_CSR_VOSRDY, PWR_CSR_VOSRDY)
        && (!board::OVER_DRIVE || start_over_drive())
        && switch_to_pll();
    if !running {
        RCC_CFGR.modify(CFGR_SWITCH | CFGR_DIVIDERS, 0);
        if RCC_CFGR.becomes(CFGR_STATUS, 0) {
            PWR_CR.modify(PWR_CR_ODEN | PWR_CR_ODSWEN, 0);
            RCC_CR.modify(CR_PLLON, 0);
        }
    }
    running
}

fn start_over_drive() -> bool {
    PWR_CR.modify(0, PWR_CR_ODEN);
    if !PWR_CSR.becomes(PWR_CSR_ODRDY, PWR_CSR_ODRDY) {
        return false;
    }
    PWR_CR.modify(0, PWR_CR_ODSWEN);
    PWR_CSR.becomes(PWR_CSR_ODSWRDY, PWR_CSR_ODSWRDY)
}

fn switch_to_pll() -> bool {
    // Wait states first: the flash must never be read faster than it can answer.
    FLASH_ACR.modify(ACR_LATENCY, board::FLASH_WAIT_STATES);
    if !FLASH_ACR.becomes(ACR_LATENCY, board::FLASH_WAIT_STATES) {
        return false;
    }
    let dividers = apb_bits(board::APB1_DIVIDER) << 10 | apb_bits(board::APB2_DIVIDER) << 13;
    RCC_CFGR.modify(CFGR_DIVIDERS, dividers);
    RCC_CFGR.modify(CFGR_SWITCH, CFGR_SWITCH_PLL);
    RCC_CFGR.becomes(CFGR_STATUS, CFGR_STATUS_PLL)
}

/// RM0390, 6.3.3: 0xx not divided, 100 by 2, 101 by 4, 110 by 8, 111 by 16.
const fn apb_bits(divider: u32) -> u32 {
    if divider == 1 {
        0
    } else {
        0b011 + divider.trailing_zeros()
    }
}

// SAFETY: the board's file names the base of a USART of this chip; RM0390, 25.6: status, data,
// baud rate and first control register at these offsets.
const UART_SR: Register = unsafe { Register::at(board::UART_BASE) };
// SAFETY: as above.
const UART_DR: Register = unsafe { Register::at(board::UART_BASE + 0x04) };
// SAFETY: as above.
const UART_BRR: Register = unsafe { Register::at(board::UART_BASE + 0x08) };
// SAFETY: as above.
const UART_CR1: Register = unsafe { Register::at(board::UART_BASE + 0x0C) };

const SR_ERRORS: u32 = 0b1111;
const SR_RXNE: u32 = 1 << 5;
const SR_TC: u32 = 1 << 6;
const SR_TXE: u32 = 1 << 7;
const CR1_UE: u32 = 1 << 13;
const CR1_TE: u32 = 1 << 3;
const CR1_RE: u32 = 1 << 2;

/// The board's serial port, 8 data bits, no parity, one stop bit, polled.
pub struct Uart(());

impl Uart {
    /// Connects the pins and starts the port at the board's baud rate.
    pub fn start(clock: Clock) -> Uart {
        match board::UART_BUS {
            Bus::Apb1 => RCC_APB1ENR.modify(0, 1 << board::UART_ENABLE_BIT),
            Bus::Apb2 => RCC_APB2ENR.modify(0, 1 << board::UART_ENABLE_BIT),
        }
        connect(board::UART_TX);
        connect(board::UART_RX);
        UART_CR1.write(0);
        UART_BRR.write((clock.uart_hz + board::BAUD / 2) / board::BAUD);
        UART_CR1.write(CR1_UE | CR1_TE | CR1_RE);
        Uart(())
    }

    /// A second handle for the panic handler: the program that held the first has ended.
    pub(crate) fn after_panic() -> Uart {
        Uart(())
    }

    /// Sends one byte, when the port has room.
    pub fn write(&mut self, byte: u8) {
        while UART_SR.read() & SR_TXE == 0 {}
        UART_DR.write(u32::from(byte));
    }

    /// Waits until the last byte has left the pin.
    pub fn flush(&mut self) {
        while UART_SR.read() & SR_TC == 0 {}
    }

    /// The byte that has arrived, if any. Framing, noise and overrun errors are cleared by
    /// reading the byte; the link's checksum finds what they spoiled.
    pub fn read(&mut self) -> Option<u8> {
        let status = UART_SR.read();
        if status & (SR_RXNE | SR_ERRORS) == 0 {
            return None;
        }
        let byte = UART_DR.read() as u8;
        (status & SR_RXNE != 0).then_some(byte)
    }
}

/// Gives a pin to the UART: alternate function, pull-up, so that an open line reads as idle.
fn connect((port, pin): (u32, u32)) {
    RCC_AHB1ENR.modify(0, 1 << port);
    let base = 0x4002_0000 + 0x400 * port as usize;
    // SAFETY: RM0390, 7.4: port n at 0x4002_0000 + 0x400 n; mode at 0, pull at 0x0C.
    let (mode, pull) = unsafe { (Register::at(base), Register::at(base + 0x0C)) };
    // SAFETY: RM0390, 7.4.9f: alternate functions of pins 0..7 at 0x20, of 8..15 at 0x24.
    let function = unsafe { Register::at(base + 0x20 + 4 * (pin as usize / 8)) };
    function.modify(
        0b1111 << (4 * (pin % 8)),
        board::UART_ALTERNATE_FUNCTION << (4 * (pin % 8)),
    );
    pull.modify(0b11 << (2 * pin), 0b01 << (2 * pin));
    mode.modify(0b11 << (2 * pin), 0b10 << (2 * pin));
}
