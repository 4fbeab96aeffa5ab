//! Builds a firmware project. A folder and a toolchain go in; the two images come out, or the
//! compiler's last words. A second build of an unchanged folder takes no time.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::board::Board;
use crate::error::BoardError;
use crate::host::Host;
use crate::image::Image;
use crate::toolchain::Toolchain;

/// How many of the compiler's last lines an error shows.
const TAIL_LINES: usize = 30;

/// The images of one project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Runs one image and prints the outputs.
    pub example: Image,
    /// Serves the link.
    pub validate: Image,
}

/// Builds both programs of the project in `folder`. `progress` is given each line of the
/// compiler's messages as it comes.
///
/// # Errors
/// [`BoardError::DoesNotFit`] when the linker runs out of the board's memory, with what the larger
/// of the programs lacks; [`BoardError::Build`] with the compiler's last words for everything else that it rejects.
pub fn build(
    host: &Host,
    toolchain: &Toolchain,
    board: &Board,
    folder: &Path,
    mut progress: impl FnMut(&str),
) -> Result<Images, BoardError> {
    let mut command = toolchain.build_command(host, folder);
    // Both programs are linked even if one of them does not fit.
    command.arg("--keep-going");
    if let Err(said) = run_to_end(command, "cargo", &mut progress)? {
        return Err(said.into_link_error(board, folder, overflow));
    }
    let programs = folder
        .join("target")
        .join(board.core.rust_target())
        .join("release");
    let (example, validate) = (programs.join("example"), programs.join("validate"));
    Ok(Images {
        example: Image::read(&example)?,
        validate: Image::read(&validate)?,
    })
}

/// What a compiler said that did not succeed, line by line.
pub(crate) struct Said(Vec<String>);

impl Said {
    /// [`BoardError::DoesNotFit`] with the most that `overflow` finds in a line, else the last of
    /// what was said.
    pub(crate) fn into_link_error(
        self,
        board: &Board,
        folder: &Path,
        overflow: impl Fn(&str) -> Option<(String, u64)>,
    ) -> BoardError {
        let overflows = self.0.iter().filter_map(|line| overflow(line));
        match overflows.max_by_key(|(_, bytes)| *bytes) {
            Some((section, overflow_bytes)) => BoardError::DoesNotFit {
                board: board.name.clone(),
                section,
                overflow_bytes,
            },
            None => self.into_error(folder),
        }
    }

    /// The error that shows the last of it.
    pub(crate) fn into_error(self, folder: &Path) -> BoardError {
        BoardError::Build {
            folder: folder.to_owned(),
            tail: self.0[self.0.len().saturating_sub(TAIL_LINES)..].join("\n"),
        }
    }
}

/// Runs a command of `program` to its end. `progress` is given each line of its messages as it
/// comes.
///
/// # Errors
/// [`BoardError::Start`] if it does not run at all; the inner error is what it said if it failed.
pub(crate) fn run_to_end(
    mut command: Command,
    program: &str,
    mut progress: impl FnMut(&str),
) -> Result<Result<(), Said>, BoardError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let started = |error| BoardError::Start {
        program: program.into(),
        error,
    };
    let mut child = command.spawn().map_err(started)?;
    let mut lines = Vec::new();
    if let Some(messages) = child.stderr.take() {
        for line in BufReader::new(messages).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            progress(&line);
            lines.push(line);
        }
    }
    let succeeded = child.wait().map_err(started)?.success();
    Ok(if succeeded { Ok(()) } else { Err(Said(lines)) })
}

/// The memory and the bytes in lld's message that an output section will not fit.
fn overflow(line: &str) -> Option<(String, u64)> {
    let (_, rest) = line.split_once("will not fit in region '")?;
    let (region, rest) = rest.split_once('\'')?;
    let (_, rest) = rest.split_once("overflowed by ")?;
    Some((region.to_owned(), rest.split(' ').next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lld_says_what_does_not_fit_and_by_how_much() {
        let line =
            "ld.lld: error: section '.bss' will not fit in region 'RAM': overflowed by 1234 bytes";
        assert_eq!(overflow(line), Some(("RAM".to_owned(), 1234)));
        assert_eq!(overflow("error: expected expression"), None);
    }
}
