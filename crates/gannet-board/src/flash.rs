//! Puts an image onto a board with the command-line tool of probe-rs: finds the probe, makes sure
//! that the board's chip is at its other end, writes, reads back, starts. An image and a board go
//! in; which probe wrote it, or a sentence about what is in the way, comes out.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde::{Deserialize, Serialize};

use crate::board::{Board, ChipId};
use crate::host::Host;

/// The tool's command.
const PROBE_RS: &str = "probe-rs";

/// How many of the tool's last lines an error shows.
const TAIL_LINES: usize = 12;

/// An image that is on its board and runs. The field names are those of the JSON report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flashed {
    /// The board.
    pub board: String,
    /// The probe that wrote it, as `--probe` takes it.
    pub probe: String,
    /// The chip's name for the tool.
    pub chip: String,
}

/// What is in the way of an image to its board.
#[derive(Debug, thiserror::Error)]
pub enum FlashError {
    /// The tool is not installed.
    #[error(
        "probe-rs is not on the search path, and boards are flashed with it: \
         https://probe.rs/docs/getting-started/installation tells how to install it"
    )]
    ToolMissing,
    /// The tool does not run.
    #[error("{program} did not start: {error}")]
    Start {
        /// The tool's path.
        program: String,
        /// The system's reason.
        error: std::io::Error,
    },
    /// The board is an emulated one.
    #[error("{board} has no chip that could be flashed: run it with --on emulator")]
    NoChip {
        /// The board.
        board: String,
    },
    /// No probe is connected.
    #[error(
        "no debug probe is connected: plug the board in by the connector of its probe (on a Nucleo \
         CN1) with a cable that carries data; on Linux the user needs the rules of \
         https://probe.rs/docs/getting-started/probe-setup"
    )]
    NoProbe,
    /// There is none of the name that was asked for.
    #[error("there is no debug probe {wanted}; connected: {}", connected.join(", "))]
    OtherProbe {
        /// The one that was asked for.
        wanted: String,
        /// Those that there are.
        connected: Vec<String>,
    },
    /// More than one probe is connected.
    #[error(
        "{} debug probes are connected: say which one with --probe, one of {}",
        connected.len(),
        connected.join(", ")
    )]
    SeveralProbes {
        /// Those that there are.
        connected: Vec<String>,
    },
    /// The tool does not know the chip.
    #[error("this probe-rs does not know the chip {chip} of {board}: install a newer one")]
    UnknownChip {
        /// The board.
        board: String,
        /// The chip's name.
        chip: String,
    },
    /// The probe does not reach a chip.
    #[error(
        "the probe does not reach {board}: has it power, and does no other program use the probe? \
         probe-rs said:\n{said}"
    )]
    Unreachable {
        /// The board.
        board: String,
        /// The tool's last words.
        said: String,
    },
    /// Another chip is there.
    #[error(
        "the chip at the probe says {found:#x} at {address:#010x}, and that of {board} {expected:#x}: \
         it is another board, and nothing was written; name it with --board when the firmware is \
         made"
    )]
    OtherChip {
        /// The board.
        board: String,
        /// Where chips of the kind say which they are.
        address: u32,
        /// What the board's says.
        expected: u32,
        /// What this one says.
        found: u32,
    },
    /// Writing failed.
    #[error("{board} could not be {what}; probe-rs said:\n{said}")]
    Failed {
        /// The board.
        board: String,
        /// What was tried: `written`, `started`.
        what: &'static str,
        /// The tool's last words.
        said: String,
    },
}

impl FlashError {
    /// A short, stable name of the kind of failure, for reports that machines read.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            FlashError::ToolMissing => "probe-rs-missing",
            FlashError::Start { .. } => "probe-rs-failed",
            FlashError::NoChip { .. } => "no-chip",
            FlashError::NoProbe => "no-probe",
            FlashError::OtherProbe { .. } => "other-probe",
            FlashError::SeveralProbes { .. } => "several-probes",
            FlashError::UnknownChip { .. } => "unknown-chip",
            FlashError::Unreachable { .. } => "unreachable",
            FlashError::OtherChip { .. } => "other-chip",
            FlashError::Failed { .. } => "flash-failed",
        }
    }
}

/// Writes `image` to `board` and starts it. `probe` names one of several debug probes, as
/// `VID:PID` or `VID:PID:SERIAL`.
///
/// # Errors
/// A [`FlashError`]; all but the last kind before anything was written.
pub fn flash(
    host: &Host,
    board: &Board,
    image: &Path,
    probe: Option<&str>,
) -> Result<Flashed, FlashError> {
    let chip = (board.probe_rs_chip.as_deref()).ok_or_else(|| FlashError::NoChip {
        board: board.name.clone(),
    })?;
    let program = host.find(PROBE_RS).ok_or(FlashError::ToolMissing)?;
    let tool = Tool {
        host,
        program: &program,
    };
    let listed = tool.run(tool.command("list"))?;
    let probe = choose(&String::from_utf8_lossy(&listed.stdout), probe)?;
    let command = |name| {
        let mut command = tool.command(name);
        command.args(["--non-interactive", "--chip", chip, "--probe", &probe]);
        command
    };

    if let Some(id) = board.chip_id {
        let mut read = command("read");
        read.args(["b32", &format!("{:#x}", id.address), "1"]);
        check_chip(board, chip, id, &tool.run(read)?)?;
    }
    let mut download = command("download");
    download
        .args(["--verify", "--disable-progressbars"])
        .arg(image);
    for (command, what) in [(download, "written"), (command("reset"), "started")] {
        let output = tool.run(command)?;
        if !output.status.success() {
            let said = last_words(&output);
            return Err(
                unknown_chip(board, chip, &said).unwrap_or(FlashError::Failed {
                    board: board.name.clone(),
                    what,
                    said,
                }),
            );
        }
    }
    Ok(Flashed {
        board: board.name.clone(),
        probe,
        chip: chip.to_owned(),
    })
}

struct Tool<'a> {
    host: &'a Host,
    program: &'a Path,
}

impl Tool<'_> {
    fn command(&self, name: &str) -> Command {
        let mut command = self.host.command(self.program);
        command.arg(name).stdin(Stdio::null());
        command
    }

    fn run(&self, mut command: Command) -> Result<Output, FlashError> {
        command.output().map_err(|error| FlashError::Start {
            program: self.program.display().to_string(),
            error,
        })
    }
}

/// The probe to use, from the tool's list: a line for each, such as
/// `[0]: STLink V2-1 -- 0483:374b:066BFF (ST-LINK)`.
fn choose(listed: &str, wanted: Option<&str>) -> Result<String, FlashError> {
    let connected: Vec<String> = listed
        .lines()
        .filter(|line| line.starts_with('['))
        .filter_map(|line| line.rsplit_once(" -- ")?.1.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    let fits = |probe: &&String, wanted: &str| {
        let (probe, wanted) = (probe.to_ascii_lowercase(), wanted.to_ascii_lowercase());
        probe == wanted || probe.starts_with(&format!("{wanted}:"))
    };
    match (&connected[..], wanted) {
        ([], _) => Err(FlashError::NoProbe),
        (_, Some(wanted)) => {
            let fitting: Vec<_> = (connected.iter())
                .filter(|probe| fits(probe, wanted))
                .collect();
            match fitting[..] {
                [probe] => Ok(probe.clone()),
                [] => Err(FlashError::OtherProbe {
                    wanted: wanted.to_owned(),
                    connected,
                }),
                _ => Err(FlashError::SeveralProbes {
                    connected: fitting.into_iter().cloned().collect(),
                }),
            }
        }
        ([probe], None) => Ok(probe.clone()),
        (_, None) => Err(FlashError::SeveralProbes { connected }),
    }
}

/// Makes sure that the word that was read is that of the board's chip.
fn check_chip(board: &Board, chip: &str, id: ChipId, read: &Output) -> Result<(), FlashError> {
    let text = String::from_utf8_lossy(&read.stdout);
    let word = text
        .split_whitespace()
        .find_map(|word| u32::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    let found = match word {
        Some(word) if read.status.success() => word & id.mask,
        _ => {
            let said = last_words(read);
            return Err(
                unknown_chip(board, chip, &said).unwrap_or(FlashError::Unreachable {
                    board: board.name.clone(),
                    said,
                }),
            );
        }
    };
    if found == id.value {
        return Ok(());
    }
    Err(FlashError::OtherChip {
        board: board.name.clone(),
        address: id.address,
        expected: id.value,
        found,
    })
}

fn unknown_chip(board: &Board, chip: &str, said: &str) -> Option<FlashError> {
    said.contains("was not found in the")
        .then(|| FlashError::UnknownChip {
            board: board.name.clone(),
            chip: chip.to_owned(),
        })
}

fn last_words(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
