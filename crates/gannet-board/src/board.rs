//! The boards that Gannet knows: one TOML file each in `boards/`, embedded. A board is data; what
//! differs in kind is its core and the registers of its serial port.

use std::sync::LazyLock;

use gannet_target::Core;
use serde::{Deserialize, Serialize};

mod clock;
mod step;
mod uart;

pub use clock::{Clock, Way};
pub use step::{Registers, Step};
pub use uart::{Uart, UartKind};

use crate::error::BoardError;

/// Every board's file.
const FILES: [&str; 22] = [
    include_str!("../boards/microbit-v1.toml"),
    include_str!("../boards/microbit-v2.toml"),
    include_str!("../boards/mps2-an385.toml"),
    include_str!("../boards/mps2-an386.toml"),
    include_str!("../boards/mps2-an500.toml"),
    include_str!("../boards/mps2-an505.toml"),
    include_str!("../boards/netduinoplus2.toml"),
    include_str!("../boards/nrf52840-dk.toml"),
    include_str!("../boards/nucleo-f103rb.toml"),
    include_str!("../boards/nucleo-f303re.toml"),
    include_str!("../boards/nucleo-f401re.toml"),
    include_str!("../boards/nucleo-f411re.toml"),
    include_str!("../boards/nucleo-f446re.toml"),
    include_str!("../boards/nucleo-g071rb.toml"),
    include_str!("../boards/nucleo-g431rb.toml"),
    include_str!("../boards/nucleo-h743zi.toml"),
    include_str!("../boards/nucleo-l031k6.toml"),
    include_str!("../boards/nucleo-l476rg.toml"),
    include_str!("../boards/pico.toml"),
    include_str!("../boards/pico2.toml"),
    include_str!("../boards/stm32f4-discovery.toml"),
    include_str!("../boards/stm32vldiscovery.toml"),
];

/// A serial port reads each bit that often.
const SAMPLES_A_BIT: u32 = 16;

static BOARDS: LazyLock<Vec<Board>> = LazyLock::new(|| {
    // The files are embedded and a test reads each one, so parsing cannot fail at run time.
    FILES
        .iter()
        .map(|text| Board::from_toml(text).expect("embedded board files parse"))
        .collect()
});

/// One board: everything that the firmware, the linker, the emulator and the flash tool must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Name on the command line, lower case with hyphens, for example `nucleo-f446re`.
    pub name: String,
    /// The maker's name of it, for people.
    pub title: String,
    /// The core, with or without its floating point, for example `cortex-m4f`.
    pub core: Core,
    /// The chip's name in probe-rs' list of chips, for flashing. Emulated machines have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe_rs_chip: Option<String>,
    /// How the chip tells which it is, so that nothing is written to another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip_id: Option<ChipId>,
    /// What the chip's boot code looks for at the beginning of flash, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<Boot>,
    /// Where code and weights lie.
    pub flash: Memory,
    /// Where the arena, other static data and the stack lie.
    pub ram: Memory,
    /// The registers that the steps of clock and ports name.
    #[serde(default, skip_serializing_if = "Registers::is_empty")]
    pub registers: Registers,
    /// The clock tree in the few numbers that are needed.
    pub clock: Clock,
    /// The serial ports to the host. The first is used when nobody names another.
    #[serde(rename = "uart")]
    pub uarts: Vec<Uart>,
    /// The emulated machine that runs this board's images, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emulator: Option<Emulator>,
}

/// A word by which a chip says which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipId {
    /// Where a debug probe reads it.
    pub address: u32,
    /// The bits that count: others tell the chip's revision.
    pub mask: u32,
    /// What they are on the board's chip.
    pub value: u32,
}

/// What a chip's boot code looks for in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boot {
    /// RP2040: 256 bytes of code that make the flash readable.
    Rp2040,
    /// RP2350: a block that says that an image for Arm follows.
    Rp2350,
}

/// A stretch of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// First address.
    pub start: u32,
    /// Length in bytes.
    pub len_bytes: u32,
}

/// A machine of `qemu-system-arm`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emulator {
    /// Its name for `-machine`.
    pub qemu_machine: String,
    /// Which of its serial ports, counted from 0, is the board's UART.
    pub uart_serial_index: u32,
}

impl Board {
    /// Every board, in alphabetical order.
    pub fn all() -> &'static [Board] {
        &BOARDS
    }

    /// The board of that name.
    ///
    /// # Errors
    /// [`BoardError::UnknownBoard`], which names the boards that are spelled most alike.
    pub fn find(name: &str) -> Result<&'static Board, BoardError> {
        let wanted = name.to_ascii_lowercase();
        Board::all()
            .iter()
            .find(|board| board.name == wanted)
            .ok_or_else(|| {
                let mut nearest: Vec<_> = Board::all().iter().map(|board| &*board.name).collect();
                nearest.sort_by_key(|known| edit_distance(known, &wanted));
                nearest.truncate(3);
                BoardError::UnknownBoard {
                    name: name.into(),
                    nearest: nearest.join(", "),
                }
            })
    }

    /// Reads a board's description and checks that it agrees with itself.
    ///
    /// # Errors
    /// [`BoardError::BoardFile`] with the field at fault.
    pub fn from_toml(text: &str) -> Result<Board, BoardError> {
        let board: Board = toml::from_str(text).map_err(|error| BoardError::BoardFile {
            reason: error.to_string(),
        })?;
        match board.inconsistency() {
            Some(reason) => Err(BoardError::BoardFile { reason }),
            None => Ok(board),
        }
    }

    /// The serial port to the host.
    #[must_use]
    pub fn uart(&self) -> &Uart {
        &self.uarts[0]
    }

    /// The same board with what is not `None` in place of its own: `clock_hz` for the core, one of
    /// those that it can reach; the serial port by its name; bits a second. Another port than the
    /// board's own has no emulator.
    ///
    /// # Errors
    /// [`BoardError::NoClock`] and [`BoardError::NoUart`], which list what there is;
    /// [`BoardError::BoardFile`] for a baud rate that the port cannot make.
    pub fn with(
        &self,
        clock_hz: Option<u32>,
        uart: Option<&str>,
        baud: Option<u32>,
    ) -> Result<Board, BoardError> {
        let mut board = self.clone();
        if let Some(hz) = clock_hz {
            board.clock = self
                .clock
                .limited_to(hz)
                .ok_or_else(|| BoardError::NoClock {
                    board: self.name.clone(),
                    hz,
                    rates: list(self.clock.rates()),
                })?;
        }
        if let Some(name) = uart {
            let place = self
                .uarts
                .iter()
                .position(|uart| uart.name.eq_ignore_ascii_case(name));
            let place = place.ok_or_else(|| BoardError::NoUart {
                board: self.name.clone(),
                name: name.into(),
                uarts: list(self.uarts.iter().map(|uart| &uart.name)),
            })?;
            board.uarts.swap(0, place);
            if place != 0 {
                board.emulator = None;
            }
        }
        if let Some(baud) = baud {
            board.uarts[0].baud = baud;
        }
        match board.inconsistency() {
            Some(reason) => Err(BoardError::BoardFile { reason }),
            None => Ok(board),
        }
    }

    fn inconsistency(&self) -> Option<String> {
        if self.uarts.is_empty() {
            return Some("it has no [[uart]], and the host needs one".into());
        }
        let of_uarts = self.uarts.iter().flat_map(|uart| &uart.steps);
        let mut steps = self.clock.steps().chain(of_uarts);
        if let Some(step) = steps.find(|step| !self.registers.contains_key(step.register())) {
            return Some(format!("[registers] has no {}", step.register()));
        }
        if let Some((name, _)) = self.registers.iter().find(|(_, address)| *address % 4 != 0) {
            return Some(format!("the address of {name} is no multiple of 4"));
        }
        self.uarts.iter().find_map(|uart| {
            let clocks = self
                .clock
                .ways
                .iter()
                .map(|way| way.core_hz / uart.divider.max(1));
            let reset = self.clock.reset_hz / uart.reset_divider.max(1);
            let mut clocks = clocks.chain([reset]);
            // Sixteen periods a bit at least, which divides by no less.
            let slow = clocks.find(|hz| uart.baud == 0 || hz / uart.baud < SAMPLES_A_BIT)?;
            Some(format!(
                "{} runs at {slow} Hz at times, which is too slow for {} baud",
                uart.name, uart.baud
            ))
        })
    }
}

/// Values for a sentence.
fn list(values: impl IntoIterator<Item = impl ToString>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    values.join(", ")
}

/// Levenshtein's distance: insertions, deletions and replacements from one name to the other.
fn edit_distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_file_parses_and_is_found_by_its_name() {
        for text in FILES {
            let board = Board::from_toml(text).unwrap();
            assert_eq!(Board::find(&board.name).unwrap(), &board);
        }
    }

    #[test]
    fn the_nucleo_has_the_numbers_of_its_data_sheet() {
        let board = Board::find("nucleo-f446re").unwrap();
        assert_eq!(
            board.flash,
            Memory {
                start: 0x0800_0000,
                len_bytes: 512 * 1024
            }
        );
        assert_eq!(
            board.ram,
            Memory {
                start: 0x2000_0000,
                len_bytes: 128 * 1024
            }
        );
        assert_eq!(board.clock.core_hz(), 180_000_000);
        assert_eq!(board.uart().tx, "PA2");
    }

    #[test]
    fn an_unknown_board_names_the_nearest() {
        let message = Board::find("nucleo-f447re").unwrap_err().to_string();
        assert!(
            message.contains("nucleo-f447re") && message.contains("nucleo-f446re"),
            "{message}"
        );
    }

    #[test]
    fn a_file_that_disagrees_with_itself_is_refused() {
        let faults = [
            (
                "RCC_CR = 0x4002_3800",
                "RCC_CR = 0x4002_3801",
                "RCC_CR is no multiple",
            ),
            ("RCC_CR = ", "RCC_CRX = ", "no RCC_CR"),
            (
                "baud = 115_200",
                "baud = 5_000_000",
                "too slow for 5000000 baud",
            ),
            (
                "set = 0x0001_0000",
                "write = 1, set = 0x0001_0000",
                "one of: `clear`",
            ),
            ("cortex-m4f", "cortex-m5", "cortex-m5"),
        ];
        let nucleo = include_str!("../boards/nucleo-f446re.toml");
        for (right, wrong, told) in faults {
            assert!(nucleo.contains(right), "{right}");
            let message = Board::from_toml(&nucleo.replacen(right, wrong, 1)).unwrap_err();
            assert!(message.to_string().contains(told), "{message}");
        }
    }

    #[test]
    fn what_is_asked_for_takes_the_place_of_the_boards_own() {
        let board = Board::find("nucleo-f446re").unwrap();
        let slow = board.with(Some(16_000_000), None, Some(9_600)).unwrap();
        assert_eq!(
            (slow.clock.core_hz(), slow.uart().baud),
            (16_000_000, 9_600)
        );
        assert!(slow.clock.ways.is_empty() && slow.emulator.is_some());
        let other = board.with(None, Some("usart1"), None).unwrap();
        assert_eq!((&*other.uart().tx, &other.emulator), ("PA9", &None));
        let message = board.with(Some(1), None, None).unwrap_err().to_string();
        assert!(message.contains("180000000, 16000000"), "{message}");
        let message = board
            .with(None, Some("UART9"), None)
            .unwrap_err()
            .to_string();
        assert!(message.contains("USART2, USART1"), "{message}");
    }

    #[test]
    fn edit_distance_counts_single_changes() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("same", "same"), 0);
    }
}
