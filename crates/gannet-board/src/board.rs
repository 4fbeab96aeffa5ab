//! The boards that Gannet knows: one TOML file each in `boards/`, embedded. A board is data; what
//! differs in kind between chips is a [`Family`] with its own register code in `firmware/`.

use std::sync::LazyLock;

use gannet_target::Core;
use serde::{Deserialize, Serialize};

use crate::error::BoardError;

/// Every board's file.
const FILES: [&str; 1] = [include_str!("../boards/nucleo-f446re.toml")];

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
    /// Which register code in `firmware/src/chip/` sets up clock and UART.
    pub family: Family,
    /// The core, with or without its floating point, for example `cortex-m4f`.
    pub core: Core,
    /// Rust's target triple, for example `thumbv7em-none-eabihf` (Cortex-M4 or M7 with FPU).
    pub rust_target: String,
    /// The core by LLVM's name (`-C target-cpu`), for example `cortex-m4`.
    pub cpu: String,
    /// The chip's name in probe-rs' list of chips, for flashing.
    pub probe_rs_chip: String,
    /// Where code and weights lie.
    pub flash: Memory,
    /// Where the arena, other static data and the stack lie.
    pub ram: Memory,
    /// The clock tree in the few numbers that are needed.
    pub clock: Clock,
    /// The serial port to the host.
    pub uart: Uart,
    /// The emulated machine that runs this board's images, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emulator: Option<Emulator>,
}

/// Register code for a group of chips whose clock and UART blocks are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// STM32F4 series (reference manuals RM0090, RM0390 and their kin).
    Stm32f4,
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

/// The clock tree: a source, divided to `pll_input_hz`, times `pll_n`, over `pll_p`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Core clock in Hz when everything starts; equals `pll_input_hz * pll_n / pll_p`.
    pub core_hz: u32,
    /// The internal oscillator in Hz: what the chip runs from after reset, and the fallback.
    pub internal_hz: u32,
    /// What is connected to the oscillator pins.
    pub external: External,
    /// Rate at the PLL's input in Hz; both sources must be multiples of it.
    pub pll_input_hz: u32,
    /// The PLL's multiplier.
    pub pll_n: u32,
    /// Divider to the core clock: 2, 4, 6 or 8.
    pub pll_p: u32,
    /// Divider to the 48 MHz domain, which this firmware does not use: keep it below its limit.
    pub pll_q: u32,
    /// Core clock to the slow peripheral bus: 1, 2, 4, 8 or 16.
    pub apb1_divider: u32,
    /// Core clock to the fast peripheral bus: 1, 2, 4, 8 or 16.
    pub apb2_divider: u32,
    /// Flash wait states that `core_hz` needs at the board's supply voltage.
    pub flash_wait_states: u32,
    /// The power controller's voltage scale field, as bits.
    pub voltage_scale_bits: u32,
    /// Whether `core_hz` needs the over-drive that some parts have.
    pub over_drive: bool,
}

/// What is connected to a chip's oscillator pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum External {
    /// Nothing: the PLL runs from the internal oscillator.
    None,
    /// A crystal.
    Crystal {
        /// Its rate in Hz.
        hz: u32,
    },
    /// A clock signal from elsewhere on the board.
    Bypass {
        /// Its rate in Hz.
        hz: u32,
    },
}

/// The serial port: 8 data bits, no parity, one stop bit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uart {
    /// The port's name in the manual, for people.
    pub name: String,
    /// Address of its first register.
    pub base: u32,
    /// The bus that clocks it.
    pub bus: Bus,
    /// Its bit in that bus's clock-enable register.
    pub enable_bit: u32,
    /// The pin that sends, for example `PA2`.
    pub tx: Pin,
    /// The pin that receives.
    pub rx: Pin,
    /// The number of the pins' alternate function that is this UART.
    pub alternate_function: u32,
    /// Bits a second.
    pub baud: u32,
}

/// A peripheral bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bus {
    /// The slow one.
    Apb1,
    /// The fast one.
    Apb2,
}

/// A pin by its port and number; written `PA2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pin {
    /// The port's letter as a number: A is 0.
    pub port: u32,
    /// 0 to 15.
    pub number: u32,
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

    /// Reads a board's description and checks that its clock numbers agree with each other.
    ///
    /// # Errors
    /// [`BoardError::BoardFile`] with the field at fault.
    pub fn from_toml(text: &str) -> Result<Board, BoardError> {
        let board: Board = toml::from_str(text).map_err(|error| BoardError::BoardFile {
            reason: error.to_string(),
        })?;
        match board.clock.inconsistency() {
            Some(reason) => Err(BoardError::BoardFile { reason }),
            None => Ok(board),
        }
    }

    /// The same board with another rate on its serial port, in bits a second.
    #[must_use]
    pub fn with_baud(&self, baud: u32) -> Board {
        let mut board = self.clone();
        board.uart.baud = baud;
        board
    }
}

impl Clock {
    fn inconsistency(&self) -> Option<String> {
        let divides = |hz: u32| self.pll_input_hz != 0 && hz.is_multiple_of(self.pll_input_hz);
        let external_divides = match self.external {
            External::None => true,
            External::Crystal { hz } | External::Bypass { hz } => divides(hz),
        };
        let vco_hz = u64::from(self.pll_input_hz) * u64::from(self.pll_n);
        let bus = |divider| matches!(divider, 1 | 2 | 4 | 8 | 16);
        let reason = if !divides(self.internal_hz) || !external_divides {
            "each oscillator's rate must be a multiple of clock.pll_input_hz"
        } else if !matches!(self.pll_p, 2 | 4 | 6 | 8) {
            "clock.pll_p must be 2, 4, 6 or 8"
        } else if vco_hz != u64::from(self.core_hz) * u64::from(self.pll_p) {
            "clock.core_hz must be pll_input_hz * pll_n / pll_p"
        } else if !bus(self.apb1_divider) || !bus(self.apb2_divider) {
            "the bus dividers must be 1, 2, 4, 8 or 16"
        } else {
            return None;
        };
        Some(reason.into())
    }
}

impl TryFrom<String> for Pin {
    type Error = String;

    fn try_from(text: String) -> Result<Pin, String> {
        let parse = || {
            let letter = text.strip_prefix('P')?.chars().next()?;
            let number: u32 = text.get(2..)?.parse().ok()?;
            let port = u32::from(letter).checked_sub(u32::from('A'))?;
            (port < 11 && number < 16).then_some(Pin { port, number })
        };
        parse().ok_or_else(|| format!("{text:?} is no pin; a pin is written like PA2"))
    }
}

impl From<Pin> for String {
    fn from(pin: Pin) -> String {
        let letter = char::from(b'A' + pin.port as u8);
        format!("P{letter}{}", pin.number)
    }
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
        assert_eq!(board.clock.core_hz, 180_000_000);
        assert_eq!(board.uart.tx, Pin { port: 0, number: 2 });
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
    fn a_clock_whose_numbers_disagree_is_refused() {
        let text = FILES[0].replace("pll_n = 180", "pll_n = 168");
        let message = Board::from_toml(&text).unwrap_err().to_string();
        assert!(message.contains("core_hz"), "{message}");
        let text = FILES[0].replace("\"PA2\"", "\"A2\"");
        let message = Board::from_toml(&text).unwrap_err().to_string();
        assert!(message.contains("PA2"), "{message}");
    }

    #[test]
    fn edit_distance_counts_single_changes() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("same", "same"), 0);
    }
}
