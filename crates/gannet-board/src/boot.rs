//! What some chips' boot code looks for at the beginning of flash: how it gets into a project.

use crate::board::{Board, Boot, Memory};

/// Bytes of the RP2040's second boot stage.
const SECOND_STAGE_BYTES: u32 = 256;

impl Boot {
    /// The static that holds it, for the end of `src/board.rs`.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Boot::Rp2040 => include_str!("../firmware/src/boot/rp2040.rs"),
            Boot::Rp2350 => include_str!("../firmware/src/boot/rp2350.rs"),
        }
    }

    /// Where it lies, for the end of `memory.x`.
    pub(crate) fn sections(self) -> &'static str {
        match self {
            Boot::Rp2040 => include_str!("../firmware/src/boot/rp2040.x"),
            Boot::Rp2350 => include_str!("../firmware/src/boot/rp2350.x"),
        }
    }

    /// Its line among the dependencies.
    pub(crate) fn dependency(self) -> &'static str {
        match self {
            Boot::Rp2040 => "rp2040-boot2 = \"0.3\"\n",
            Boot::Rp2350 => "",
        }
    }

    /// The text of `src/boot.c`.
    pub(crate) fn c_source(self) -> String {
        match self {
            Boot::Rp2040 => second_stage(),
            Boot::Rp2350 => include_str!("../firmware-c/boot/rp2350.c").to_owned(),
        }
    }

    /// What lies before the vector table in `memory.ld`.
    pub(crate) fn c_section(self) -> &'static str {
        match self {
            Boot::Rp2040 => "  .boot2 : { KEEP(*(.boot2)) } > FLASH\n\n",
            Boot::Rp2350 => "",
        }
    }

    /// Its line among the memories.
    pub(crate) fn memory(self, flash: Memory) -> String {
        match self {
            Boot::Rp2040 => format!(
                "  BOOT2 : ORIGIN = {:#010x}, LENGTH = {SECOND_STAGE_BYTES}\n",
                flash.start
            ),
            Boot::Rp2350 => String::new(),
        }
    }
}

/// The RP2040's second boot stage as C.
fn second_stage() -> String {
    let bytes = rp2040_boot2::BOOT_LOADER_GENERIC_03H;
    let rows: String = (bytes.chunks(12))
        .map(|row| {
            let row: Vec<String> = row.iter().map(|byte| format!("{byte:#04x}")).collect();
            format!("    {},\n", row.join(", "))
        })
        .collect();
    include_str!("../firmware-c/boot/rp2040.c.in").replace("{{bytes}}\n", &rows)
}

impl Board {
    /// The flash that is left to code and weights.
    pub(crate) fn program_flash(&self) -> Memory {
        let taken = match self.boot {
            Some(Boot::Rp2040) => SECOND_STAGE_BYTES,
            Some(Boot::Rp2350) | None => 0,
        };
        Memory {
            start: self.flash.start + taken,
            len_bytes: self.flash.len_bytes - taken,
        }
    }
}
