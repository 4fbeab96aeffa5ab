//! Reads a built firmware image: whose network it holds, and what it takes of the board's
//! memories. An ELF file goes in; sizes come from its sections, the identity from its symbols.

use std::fs;
use std::path::{Path, PathBuf};

use object::elf::FileHeader32;
use object::read::elf::ElfFile;
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, elf};
use serde::{Deserialize, Serialize};

use crate::error::BoardError;

/// Where the linker script gathers the weights.
const WEIGHTS_SECTION: &str = ".gannet_weights";

/// What an image takes of the board's memories, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firmware {
    /// Everything in flash: weights, code, constants, vector table, initial values of data.
    pub flash_bytes: u64,
    /// The network's weights, in flash.
    pub weights_bytes: u64,
    /// The rest of flash.
    pub code_bytes: u64,
    /// Statically allocated RAM: the network's arena and every other static.
    pub static_ram_bytes: u64,
    /// The most stack that was in use, once a run has told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_bytes: Option<u64>,
}

/// A firmware image and what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The ELF file.
    pub path: PathBuf,
    /// The link protocol's version that its `validate` speaks.
    pub link_version: u32,
    /// The network's name.
    pub network: String,
    /// The first eight bytes of the network's SHA-256.
    pub hash: [u8; 8],
    /// What it takes.
    pub sizes: Firmware,
}

type Elf<'a> = ElfFile<'a, FileHeader32<Endianness>>;

impl Image {
    /// Reads the image at `path`.
    ///
    /// # Errors
    /// [`BoardError::File`], or [`BoardError::Image`] when it is no 32-bit ELF or lacks what every
    /// image of ours has.
    pub fn read(path: &Path) -> Result<Image, BoardError> {
        let bytes = fs::read(path).map_err(BoardError::file(path))?;
        let wrong = |reason: String| BoardError::Image {
            path: path.to_owned(),
            reason,
        };
        let elf: Elf = ElfFile::parse(&*bytes).map_err(|error| wrong(error.to_string()))?;
        let symbol = |name: &str| {
            symbol_bytes(&elf, name).ok_or_else(|| wrong(format!("it has no symbol {name}")))
        };
        let version = symbol("GANNET_LINK_VERSION")?;
        let hash = symbol("GANNET_NETWORK_HASH")?;
        let network = String::from_utf8_lossy(symbol("GANNET_NETWORK_NAME")?).into_owned();
        let (Some(version), Some(hash)) = (version.first_chunk(), hash.first_chunk()) else {
            return Err(wrong("its identity is cut short".into()));
        };
        Ok(Image {
            path: path.to_owned(),
            link_version: u32::from_le_bytes(*version),
            network,
            hash: *hash,
            sizes: sizes(&elf),
        })
    }
}

fn sizes(elf: &Elf<'_>) -> Firmware {
    let (mut flash_bytes, mut weights_bytes, mut static_ram_bytes) = (0, 0, 0);
    for section in elf.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
            continue;
        };
        let has = |flag| sh_flags & flag != elf::SectionFlags(0);
        if !has(elf::SHF_ALLOC) {
            continue;
        }
        let is_loaded = section.kind() != SectionKind::UninitializedData;
        // Initialised data counts twice: its values lie in flash, the variables in RAM.
        if is_loaded {
            flash_bytes += section.size();
        }
        if !is_loaded || has(elf::SHF_WRITE) {
            static_ram_bytes += section.size();
        }
        if section.name() == Ok(WEIGHTS_SECTION) {
            weights_bytes += section.size();
        }
    }
    let code_bytes = flash_bytes - weights_bytes;
    Firmware {
        flash_bytes,
        weights_bytes,
        code_bytes,
        static_ram_bytes,
        stack_bytes: None,
    }
}

fn symbol_bytes<'a>(elf: &Elf<'a>, name: &str) -> Option<&'a [u8]> {
    let symbol = elf.symbols().find(|symbol| symbol.name() == Ok(name))?;
    let section = elf.section_by_index(symbol.section_index()?).ok()?;
    section.data_range(symbol.address(), symbol.size()).ok()?
}
