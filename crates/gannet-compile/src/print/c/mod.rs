//! Prints a Program as C99: no heap, no header besides `stdint.h` and `string.h`, also C++.
//!
//! The computation is the same text under every interface; an [`Api`] decides what surrounds
//! it and what the files are called.

mod code;
mod native;
mod rows;
mod text;
mod vendor;
mod weights;

use super::{SourceFile, maker};
use crate::CompileError;
use crate::ir::{Element, Program};

/// The interface that generated C has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {
    /// Gannet's own: a network is a value of the caller's, with the same calls as in Rust.
    Native,
    /// X-CUBE-AI's: `ai_NAME_create`, `ai_NAME_init`, `ai_NAME_run` and their kin.
    StLegacy,
    /// ST Edge AI's: `stai_NAME_init`, `stai_NAME_run` and their kin.
    StAi,
}

/// What the names of files, functions and macros begin with: letters, digits and underscores, a
/// letter first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// The network's name, its words joined by underscores.
    pub fn of(program: &Program) -> Prefix {
        Prefix(maker::words(program).join("_"))
    }

    /// A name of the caller's choice, in lower case.
    ///
    /// # Errors
    /// [`CompileError::Prefix`] if C takes no such name.
    pub fn new(name: &str) -> Result<Prefix, CompileError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(allowed) {
            Ok(Prefix(name.to_ascii_lowercase()))
        } else {
            Err(CompileError::Prefix(name.to_owned()))
        }
    }

    /// As functions and files have it.
    pub fn lower(&self) -> &str {
        &self.0
    }

    /// As macros have it.
    pub fn upper(&self) -> String {
        self.0.to_ascii_uppercase()
    }
}

/// The files, by their names in one folder.
///
/// # Errors
/// [`CompileError::WholeOnly`] if the program takes its input a row at a time and the interface
/// has no call for that, [`CompileError::NoShorts`] if input or output are of 16 bits and it has no
/// name for them.
pub fn generate(
    program: &Program,
    prefix: &Prefix,
    api: Api,
) -> Result<Vec<SourceFile>, CompileError> {
    match api {
        Api::Native => Ok(native::files(program, prefix)),
        _ if program.input_rows().is_some() => Err(CompileError::WholeOnly),
        _ if are_short(program) => Err(CompileError::NoShorts),
        Api::StLegacy => Ok(vendor::st_legacy(program, prefix)),
        Api::StAi => Ok(vendor::st_ai(program, prefix)),
    }
}

/// Whether the program takes or gives integers of 16 bits.
fn are_short(program: &Program) -> bool {
    [program.input(), program.output()]
        .iter()
        .any(|buffer| buffer.element == Element::I16)
}
