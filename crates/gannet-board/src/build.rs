//! Builds a firmware project. A folder and a toolchain go in; the two images come out, or the
//! compiler's last words. A second build of an unchanged folder takes no time.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

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
/// [`BoardError::DoesNotFit`] when the linker runs out of the board's memory,
/// [`BoardError::Build`] with the compiler's last words for everything else that it rejects.
pub fn build(
    host: &Host,
    toolchain: &Toolchain,
    board: &Board,
    folder: &Path,
    mut progress: impl FnMut(&str),
) -> Result<Images, BoardError> {
    let mut command = toolchain.build_command(host, folder);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let started = |error| BoardError::Start {
        program: "cargo".into(),
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
    if !child.wait().map_err(started)?.success() {
        if let Some((section, overflow_bytes)) = lines.iter().find_map(|line| overflow(line)) {
            let board = board.name.clone();
            return Err(BoardError::DoesNotFit {
                board,
                section,
                overflow_bytes,
            });
        }
        let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
        return Err(BoardError::Build {
            folder: folder.to_owned(),
            tail,
        });
    }
    let programs = folder
        .join("target")
        .join(&board.rust_target)
        .join("release");
    let (example, validate) = (programs.join("example"), programs.join("validate"));
    Ok(Images {
        example: Image::read(&example)?,
        validate: Image::read(&validate)?,
    })
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
