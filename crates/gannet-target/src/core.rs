//! The cores, by their names in data sheets.

use serde::{Deserialize, Serialize};

use crate::timing::Timing;

/// A core of Arm's M profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Core {
    /// ARMv6-M.
    #[serde(rename = "cortex-m0")]
    CortexM0,
    /// ARMv6-M with a shorter pipeline.
    #[serde(rename = "cortex-m0+")]
    CortexM0Plus,
    /// ARMv7-M.
    #[serde(rename = "cortex-m3")]
    CortexM3,
    /// ARMv7E-M: with products of halfwords, without floating point.
    #[serde(rename = "cortex-m4")]
    CortexM4,
    /// ARMv7E-M with single-precision floating point.
    #[serde(rename = "cortex-m4f")]
    CortexM4F,
    /// ARMv7E-M with two pipelines and floating point.
    #[serde(rename = "cortex-m7")]
    CortexM7,
    /// ARMv8-M with products of halfwords and floating point.
    #[serde(rename = "cortex-m33")]
    CortexM33,
}

impl Core {
    /// Every core.
    pub const ALL: [Core; 7] = [
        Core::CortexM0,
        Core::CortexM0Plus,
        Core::CortexM3,
        Core::CortexM4,
        Core::CortexM4F,
        Core::CortexM7,
        Core::CortexM33,
    ];

    /// Its name, for example `cortex-m4f`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Core::CortexM0 => "cortex-m0",
            Core::CortexM0Plus => "cortex-m0+",
            Core::CortexM3 => "cortex-m3",
            Core::CortexM4 => "cortex-m4",
            Core::CortexM4F => "cortex-m4f",
            Core::CortexM7 => "cortex-m7",
            Core::CortexM33 => "cortex-m33",
        }
    }

    /// Whether it computes single-precision numbers itself.
    #[must_use]
    pub fn has_float(self) -> bool {
        matches!(self, Core::CortexM4F | Core::CortexM7 | Core::CortexM33)
    }

    /// Whether it multiplies pairs of halfwords in one instruction (the DSP extension).
    #[must_use]
    pub fn has_dsp(self) -> bool {
        matches!(self, Core::CortexM4) || self.has_float()
    }

    /// Whether it counts its own cycles (DWT), so that a board can measure.
    #[must_use]
    pub fn has_cycle_counter(self) -> bool {
        !matches!(self, Core::CortexM0 | Core::CortexM0Plus)
    }

    /// Rust's triple for it.
    #[must_use]
    pub fn rust_target(self) -> &'static str {
        match self {
            Core::CortexM0 | Core::CortexM0Plus => "thumbv6m-none-eabi",
            Core::CortexM3 => "thumbv7m-none-eabi",
            Core::CortexM4 => "thumbv7em-none-eabi",
            Core::CortexM4F | Core::CortexM7 => "thumbv7em-none-eabihf",
            Core::CortexM33 => "thumbv8m.main-none-eabihf",
        }
    }

    /// LLVM's name for it (`-C target-cpu`).
    #[must_use]
    pub fn llvm_cpu(self) -> &'static str {
        match self {
            Core::CortexM0 => "cortex-m0",
            Core::CortexM0Plus => "cortex-m0plus",
            Core::CortexM3 => "cortex-m3",
            Core::CortexM4 | Core::CortexM4F => "cortex-m4",
            Core::CortexM7 => "cortex-m7",
            Core::CortexM33 => "cortex-m33",
        }
    }

    /// What its instructions cost.
    #[must_use]
    pub fn timing(self) -> &'static Timing {
        match self {
            Core::CortexM0 => &Timing::CORTEX_M0,
            Core::CortexM0Plus => &Timing::CORTEX_M0_PLUS,
            Core::CortexM3 => &Timing::CORTEX_M3,
            Core::CortexM4 | Core::CortexM4F => &Timing::CORTEX_M4,
            Core::CortexM7 => &Timing::CORTEX_M7,
            Core::CortexM33 => &Timing::CORTEX_M33,
        }
    }
}
