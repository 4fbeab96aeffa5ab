//! The code of an image: its instructions by address and its functions by name.

use std::fs;
use std::path::{Path, PathBuf};

use gannet_target::{Instruction, thumb};
use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

use super::record::Block;
use crate::error::BoardError;

/// Exceptions that every core has, in words of the vector table; interrupts follow.
const FIRST_HANDLER: usize = 2;

/// The code of one image.
#[derive(Clone, Debug)]
pub struct Code {
    path: PathBuf,
    /// Loaded stretches of memory: first address and bytes.
    memory: Vec<(u32, Vec<u8>)>,
    /// Functions by their plain names: address and size in bytes.
    functions: Vec<Function>,
    /// Where exceptions and interrupts begin.
    handlers: Vec<u32>,
}

/// A function of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name, without what the compiler adds: `mnist_small::stages::compute_dense`.
    pub name: String,
    /// Its first instruction's address.
    pub start: u32,
    /// Its length in bytes.
    pub len_bytes: u32,
}

impl Code {
    /// Reads the image at `path`.
    ///
    /// # Errors
    /// [`BoardError::File`], or [`BoardError::Image`] for what is no 32-bit ELF.
    pub fn read(path: &Path) -> Result<Code, BoardError> {
        let bytes = fs::read(path).map_err(BoardError::file(path))?;
        let elf: ElfFile32 = ElfFile32::parse(&*bytes).map_err(|error| BoardError::Image {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        let memory: Vec<(u32, Vec<u8>)> = elf
            .sections()
            .filter(|section| section.address() != 0)
            .filter_map(|section| Some((section.address() as u32, section.data().ok()?.to_vec())))
            .filter(|(_, data)| !data.is_empty())
            .collect();
        let functions = elf
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0)
            .filter_map(|symbol| {
                let name = format!("{:#}", rustc_demangle::demangle(symbol.name().ok()?));
                Some(Function {
                    // GCC marks a function that it specialised: `name.constprop.0`.
                    name: name.split('.').next().unwrap_or_default().to_owned(),
                    // Bit 0 says Thumb.
                    start: symbol.address() as u32 & !1,
                    len_bytes: symbol.size() as u32,
                })
            })
            .collect();
        let vectors = elf
            .section_by_name(".vector_table")
            .or_else(|| elf.section_by_name(".isr_vector"));
        let handlers = vectors
            .and_then(|section| section.data().ok())
            .unwrap_or_default()
            .chunks_exact(4)
            .skip(FIRST_HANDLER)
            .map(|word| u32::from_le_bytes(word.try_into().expect("four bytes")) & !1)
            .filter(|&address| address != 0)
            .collect();
        Ok(Code {
            path: path.to_owned(),
            memory,
            functions,
            handlers,
        })
    }

    /// Code without names, for tests of what rests on it.
    #[cfg(test)]
    pub(super) fn of_halfwords(memory: &[(u32, &[u16])], handlers: &[u32]) -> Code {
        let bytes = |words: &[u16]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Code {
            path: PathBuf::from("test"),
            memory: memory
                .iter()
                .map(|&(start, words)| (start, bytes(words)))
                .collect(),
            functions: Vec::new(),
            handlers: handlers.to_vec(),
        }
    }

    /// The function whose name is `name` or ends in `::name`, or a compiler's variant of it, which
    /// has a full stop and more behind its name.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| {
            let plain = function.name.split('.').next().unwrap_or_default();
            let before = plain.strip_suffix(name);
            before.is_some_and(|before| before.is_empty() || before.ends_with("::"))
        })
    }

    /// As [`Code::function`].
    ///
    /// # Errors
    /// [`BoardError::Image`] where there is none.
    pub fn expect_function(&self, name: &str) -> Result<&Function, BoardError> {
        self.function(name).ok_or_else(|| BoardError::Image {
            path: self.path.clone(),
            reason: format!("it has no function {name}"),
        })
    }

    /// Whether an exception or interrupt begins at `address`.
    #[must_use]
    pub fn is_handler(&self, address: u32) -> bool {
        self.handlers.contains(&address)
    }

    /// The instructions of a block.
    ///
    /// # Errors
    /// [`BoardError::Trace`] for a block outside of the image and for what is no instruction.
    pub fn instructions(&self, block: Block) -> Result<Vec<Instruction>, BoardError> {
        let mut at = block.start;
        let mut instruction = || {
            let decoded = self.from(at).and_then(thumb::decode);
            let here = at;
            at += decoded.map_or(0, |instruction| u32::from(instruction.len_bytes));
            decoded.ok_or_else(|| BoardError::Trace {
                path: self.path.clone(),
                reason: format!("there is no known instruction at {here:#010x}"),
            })
        };
        (0..block.count).map(|_| instruction()).collect()
    }

    /// Everything that the image has from `address` on.
    fn from(&self, address: u32) -> Option<&[u8]> {
        self.memory.iter().find_map(|(start, data)| {
            data.get(address.checked_sub(*start)? as usize..)
                .filter(|rest| !rest.is_empty())
        })
    }
}
