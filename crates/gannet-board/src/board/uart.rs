//! A board's serial port: which registers it has, how its pins are connected, what clocks it.

use serde::{Deserialize, Serialize};

use super::step::Step;

/// A serial port: 8 data bits, no parity, one stop bit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uart {
    /// The port's name in the manual, for people and `--uart`.
    pub name: String,
    /// Which registers it has.
    pub kind: UartKind,
    /// Address of its first register.
    pub base: u32,
    /// The number of its interrupt, or of the one for what arrives if there are several.
    pub interrupt: u32,
    /// The pin that sends, for people.
    pub tx: String,
    /// The pin that receives, for people.
    pub rx: String,
    /// Core clock over the port's clock, at the end of every way up.
    pub divider: u32,
    /// The same after reset.
    #[serde(default = "one")]
    pub reset_divider: u32,
    /// Bits a second.
    pub baud: u32,
    /// What gives it its clock and its pins.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// Serial ports whose registers are alike: one file in `firmware/src/uart/` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UartKind {
    /// STM32F1, F2 and F4.
    Stm32V1,
    /// STM32F0, F3, F7, G, H, L and U.
    Stm32V2,
    /// Arm's MPS2 boards.
    Cmsdk,
    /// nRF51 and nRF52, without DMA.
    Nrf,
    /// RP2040 and RP2350.
    Pl011,
}

fn one() -> u32 {
    1
}
