//! The STM32F4's clock and UART set-up on a chip made of the manual's rules, since the emulator
//! has no clock tree: what becomes ready when, and what must not be done in which state (RM0390,
//! sections 3.4, 5.1 and 6). A rule that is broken is a panic.

use gannet_board::Board;
use gannet_board::board::{Clock as Described, Registers, Step as Access};

#[path = "../firmware/src/board_types.rs"]
mod board_types;

/// What the project writer puts into `src/board.rs`, as far as it is not looked up here.
mod board {
    pub use crate::board_types::{Clocks, Step};

    pub const CLOCKS: Clocks = Clocks {
        reset_hz: 16_000_000,
        answers: None,
        ways: &[],
    };
    pub const UART_DIVIDER: u32 = 4;
    pub const UART_RESET_DIVIDER: u32 = 1;
    pub const UART_BASE: usize = 0x4000_4400;
    pub const UART_INTERRUPT: usize = 38;
    pub const UART_STEPS: &[Step] = &[];
    pub const BAUD: u32 = 115_200;
}

/// The firmware's register type, with the chip below behind it.
mod register {
    use crate::CHIP;

    #[derive(Clone, Copy)]
    pub struct Register(usize);

    impl Register {
        pub const unsafe fn at(address: usize) -> Register {
            Register(address)
        }

        pub fn read(self) -> u32 {
            CHIP.with_borrow(|chip| chip.read(self.0))
        }

        pub fn write(self, value: u32) {
            CHIP.with_borrow_mut(|chip| chip.write(self.0, value));
        }

        pub fn modify(self, clear: u32, set: u32) {
            self.write(self.read() & !clear | set);
        }

        pub fn becomes(self, mask: u32, value: u32) -> bool {
            self.read() & mask == value
        }
    }
}

#[allow(dead_code)]
#[path = "../firmware/src/clock.rs"]
mod clock;

#[allow(dead_code)]
#[path = "../firmware/src/interrupt.rs"]
mod interrupt;

#[allow(dead_code)]
#[path = "../firmware/src/uart/stm32_v1.rs"]
mod uart;

use std::cell::RefCell;
use std::collections::HashMap;

use board_types::{Clocks, Step, Way};
use uart::Uart;

const RCC_CR: usize = 0x4002_3800;
const RCC_PLLCFGR: usize = 0x4002_3804;
const RCC_CFGR: usize = 0x4002_3808;
const RCC_AHB1ENR: usize = 0x4002_3830;
const RCC_APB1ENR: usize = 0x4002_3840;
const PWR_CR: usize = 0x4000_7000;
const PWR_CSR: usize = 0x4000_7004;
const FLASH_ACR: usize = 0x4002_3C00;
const GPIOA_MODER: usize = 0x4002_0000;
const GPIOA_AFRL: usize = 0x4002_0020;
const USART2_BRR: usize = 0x4000_4408;

/// What does not work on this chip.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    NoExternalClock,
    NoOverDrive,
    NoPll,
    /// Every clock register reads 0 and takes no write.
    NoClockTree,
}

struct Chip {
    fault: Fault,
    registers: HashMap<usize, u32>,
}

thread_local! {
    static CHIP: RefCell<Chip> = RefCell::new(Chip::after_reset(Fault::None));
}

impl Chip {
    fn after_reset(fault: Fault) -> Chip {
        let registers = [(RCC_CR, 0x81), (RCC_PLLCFGR, 0x2400_3010), (PWR_CR, 0xC000)];
        Chip {
            fault,
            registers: registers.into(),
        }
    }

    fn raw(&self, address: usize) -> u32 {
        self.registers.get(&address).copied().unwrap_or(0)
    }

    fn bit(&self, address: usize, bit: u32) -> bool {
        self.raw(address) >> bit & 1 == 1
    }

    fn read(&self, address: usize) -> u32 {
        let (fault, raw) = (self.fault, self.raw(address));
        if fault == Fault::NoClockTree && address >> 8 == RCC_CR >> 8 {
            return 0;
        }
        let ready = |on: bool, bit: u32| u32::from(on) << bit;
        match address {
            RCC_CR => {
                let external = self.bit(RCC_CR, 16) && fault != Fault::NoExternalClock;
                raw | ready(self.bit(RCC_CR, 0), 1) | ready(external, 17) | ready(self.pll(), 25)
            }
            // The switch's state follows the switch.
            RCC_CFGR => raw & !0b1100 | (raw & 0b11) << 2,
            PWR_CSR => {
                let over_drive = self.over_drive();
                let switched = over_drive && self.bit(PWR_CR, 17);
                ready(self.pll(), 14) | ready(over_drive, 16) | ready(switched, 17)
            }
            _ => raw,
        }
    }

    fn pll(&self) -> bool {
        let uses_external = self.bit(RCC_PLLCFGR, 22);
        let source = !uses_external || self.fault != Fault::NoExternalClock;
        self.bit(RCC_CR, 24) && source && self.fault != Fault::NoPll
    }

    fn over_drive(&self) -> bool {
        self.bit(PWR_CR, 16) && self.pll() && self.fault != Fault::NoOverDrive
    }

    fn write(&mut self, address: usize, value: u32) {
        let changed = self.raw(address) ^ value;
        match address {
            RCC_CR => {
                let bypass_changes = changed >> 18 & 1 == 1;
                assert!(
                    !bypass_changes || !self.bit(RCC_CR, 16),
                    "bypass changed while on"
                );
                let stops = changed >> 24 & 1 == 1 && value >> 24 & 1 == 0;
                assert!(
                    !stops || !self.runs_from_pll(),
                    "the PLL that runs the core stopped"
                );
            }
            RCC_PLLCFGR => assert!(!self.bit(RCC_CR, 24), "PLL changed while on"),
            PWR_CR => {
                assert!(self.bit(RCC_APB1ENR, 28), "power control is not clocked");
                let scale_changes = changed >> 14 & 0b11 != 0;
                assert!(
                    !scale_changes || !self.bit(RCC_CR, 24),
                    "scale changed under the PLL"
                );
                assert!(
                    !self.runs_from_pll(),
                    "over-drive changed under a running core"
                );
            }
            RCC_CFGR if value & 0b11 == 0b10 => {
                assert!(self.pll(), "switched to a PLL that does not run");
                assert!(
                    self.over_drive() && self.bit(PWR_CR, 17),
                    "180 MHz without over-drive"
                );
                assert_eq!(
                    self.raw(FLASH_ACR) & 0b1111,
                    5,
                    "flash too slow for 180 MHz"
                );
                // At most 45 MHz and 90 MHz: a fourth and a half.
                assert_eq!((value >> 10 & 0b111, value >> 13 & 0b111), (0b101, 0b100));
            }
            GPIOA_MODER | GPIOA_AFRL => {
                assert!(self.bit(RCC_AHB1ENR, 0), "port A is not clocked");
            }
            USART2_BRR => assert!(self.bit(RCC_APB1ENR, 17), "USART2 is not clocked"),
            _ => {}
        }
        self.registers.insert(address, value);
    }

    fn runs_from_pll(&self) -> bool {
        self.raw(RCC_CFGR) & 0b11 == 0b10
    }
}

/// The Nucleo's clock tree, as its file has it. The firmware's is a constant: this one stays, too.
fn nucleo() -> Clocks {
    let board = Board::find("nucleo-f446re").unwrap();
    let Described {
        reset_hz,
        answers,
        ways,
    } = &board.clock;
    let ways: Vec<Way> = ways
        .iter()
        .map(|way| Way {
            core_hz: way.core_hz,
            steps: steps(&way.steps, &board.registers).leak(),
        })
        .collect();
    Clocks {
        reset_hz: *reset_hz,
        answers: answers
            .as_ref()
            .map(|answers| step(answers, &board.registers)),
        ways: ways.leak(),
    }
}

fn uart_steps() -> Vec<Step> {
    let board = Board::find("nucleo-f446re").unwrap();
    steps(&board.uart().steps, &board.registers)
}

fn steps(accesses: &[Access], registers: &Registers) -> Vec<Step> {
    accesses
        .iter()
        .map(|access| step(access, registers))
        .collect()
}

fn step(access: &Access, registers: &Registers) -> Step {
    let at = registers[access.register()] as usize;
    match *access {
        Access::Modify { clear, set, .. } => Step::Modify { at, clear, set },
        Access::Write { value, .. } => Step::Write { at, value },
        Access::Wait { mask, value, .. } => Step::Wait { at, mask, value },
    }
}

/// What the chip looks like once the firmware has started.
struct Started {
    core_hz: Option<u32>,
    pll_divider: u32,
    pll_uses_external: bool,
    uart_divisor: u32,
}

fn start(fault: Fault) -> Started {
    CHIP.set(Chip::after_reset(fault));
    let clock = clock::bring_up(&nucleo());
    assert!(clock::carry_out(&uart_steps()));
    Uart::start(clock);
    CHIP.with_borrow(|chip| Started {
        core_hz: clock.core_hz,
        pll_divider: chip.raw(RCC_PLLCFGR) & 0b11_1111,
        pll_uses_external: chip.bit(RCC_PLLCFGR, 22),
        uart_divisor: chip.raw(USART2_BRR),
    })
}

#[test]
fn with_the_external_clock_the_core_reaches_180_mhz() {
    let started = start(Fault::None);
    assert_eq!(started.core_hz, Some(180_000_000));
    // 8 MHz / 4 = 2 MHz into the PLL; 45 MHz / 115,200 = 390.6.
    assert_eq!((started.pll_divider, started.pll_uses_external), (4, true));
    assert_eq!(started.uart_divisor, 391);
    CHIP.with_borrow(|chip| {
        assert!(chip.runs_from_pll());
        assert_eq!(chip.raw(RCC_PLLCFGR) >> 6 & 0x1FF, 180);
        // PA2 and PA3: alternate function 7.
        assert_eq!(chip.raw(GPIOA_MODER) >> 4 & 0b1111, 0b1010);
        assert_eq!(chip.raw(GPIOA_AFRL) >> 8 & 0xFF, 0x77);
    });
}

#[test]
fn without_it_the_internal_oscillator_drives_the_pll() {
    let started = start(Fault::NoExternalClock);
    assert_eq!(started.core_hz, Some(180_000_000));
    assert_eq!((started.pll_divider, started.pll_uses_external), (8, false));
    assert_eq!(started.uart_divisor, 391);
}

#[test]
fn a_failing_pll_or_over_drive_leaves_16_mhz_and_a_divisor_that_fits() {
    for fault in [Fault::NoPll, Fault::NoOverDrive] {
        let started = start(fault);
        assert_eq!(started.core_hz, Some(16_000_000));
        // 16 MHz / 115,200 = 138.9.
        assert_eq!(started.uart_divisor, 139);
        CHIP.with_borrow(|chip| assert!(!chip.runs_from_pll()));
    }
}

#[test]
fn where_no_clock_tree_answers_the_clock_is_unknown() {
    assert_eq!(start_without_clock_tree(), None);
}

fn start_without_clock_tree() -> Option<u32> {
    CHIP.set(Chip::after_reset(Fault::NoClockTree));
    clock::bring_up(&nucleo()).core_hz
}

#[test]
fn the_numbers_here_are_the_boards() {
    let uart = Board::find("nucleo-f446re").unwrap().uart();
    assert_eq!(board::UART_BASE as u32, uart.base);
    assert_eq!(board::UART_DIVIDER, uart.divider);
    assert_eq!(board::UART_RESET_DIVIDER, uart.reset_divider);
    assert_eq!(board::BAUD, uart.baud);
}
