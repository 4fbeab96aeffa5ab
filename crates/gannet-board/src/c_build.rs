//! Builds a firmware project in C with `make` and Arm's GCC. A folder goes in; the two images
//! come out, or the compiler's last words.

use std::path::Path;

use crate::board::Board;
use crate::build::{Images, run_to_end};
use crate::error::BoardError;
use crate::host::Host;
use crate::image::Image;

/// The compiler.
pub(crate) const GCC: &str = "arm-none-eabi-gcc";
const MAKE: &str = "make";

/// Builds both programs of the project in C in `folder`. `progress` is given each line of the
/// compiler's messages as it comes.
///
/// # Errors
/// [`BoardError::NoCompiler`] if the compiler or make is not on the search path,
/// [`BoardError::DoesNotFit`] when the linker runs out of the board's memory,
/// [`BoardError::Build`] with the last words for everything else.
pub fn build_c(
    host: &Host,
    board: &Board,
    folder: &Path,
    progress: impl FnMut(&str),
) -> Result<Images, BoardError> {
    let missing = |program: &str| BoardError::NoCompiler {
        program: program.to_owned(),
    };
    host.find(GCC).ok_or_else(|| missing(GCC))?;
    let make = host.find(MAKE).ok_or_else(|| missing(MAKE))?;
    let mut command = host.command(&make);
    // Both programs are linked even if one of them does not fit.
    command
        .current_dir(folder)
        .args(["--silent", "--keep-going"]);
    if let Err(said) = run_to_end(command, MAKE, progress)? {
        return Err(said.into_link_error(board, folder, overflow));
    }
    let programs = folder.join("build");
    Ok(Images {
        example: Image::read(&programs.join("example.elf"))?,
        validate: Image::read(&programs.join("validate.elf"))?,
    })
}

/// The memory and the bytes in GNU ld's message that a memory is too small.
fn overflow(line: &str) -> Option<(String, u64)> {
    let (_, rest) = line.split_once("region `")?;
    let (region, rest) = rest.split_once("' overflowed by ")?;
    Some((region.to_owned(), rest.split(' ').next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gnu_ld_says_what_does_not_fit_and_by_how_much() {
        let line = "ld: region `RAM' overflowed by 1234 bytes";
        assert_eq!(overflow(line), Some(("RAM".to_owned(), 1234)));
        assert_eq!(
            overflow("ld: x.elf section `.bss' will not fit in region `RAM'"),
            None
        );
    }
}
