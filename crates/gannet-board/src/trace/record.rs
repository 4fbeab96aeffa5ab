//! Runs an image in the emulator and has the plugin write down what one call executes.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use super::plugin::plugin;
use crate::board::Board;
use crate::emulator::{QEMU, machine};
use crate::error::BoardError;
use crate::host::Host;
use crate::toolchain::Toolchain;

// As in the plugin.
const DESCRIBED: u32 = 0xFFFF_FFFF;
const ENDED: u32 = 0xFFFF_FFFE;

/// How often the record is looked at while it grows.
const PERIOD: Duration = Duration::from_millis(20);

/// A stretch of instructions that is executed from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Address of its first instruction.
    pub start: u32,
    /// How many instructions it has.
    pub count: u32,
}

/// What one call of a function executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Every block that QEMU made.
    pub blocks: Vec<Block>,
    /// The blocks in the order in which they were executed, as indices.
    pub executed: Vec<u32>,
}

/// Boots `elf` in the emulator that stands in for `board` and records the first call of the
/// function at address `from`, called `function`. `folder` keeps the compiled plugin.
///
/// # Errors
/// [`BoardError::NoEmulator`], [`BoardError::EmulatorMissing`], [`BoardError::Tracer`],
/// [`BoardError::File`], [`BoardError::Start`]; [`BoardError::TraceTimeout`] when the call does not
/// come to its end in time.
pub fn record(
    host: &Host,
    toolchain: &Toolchain,
    board: &Board,
    elf: &Path,
    (function, from): (&str, u32),
    folder: &Path,
    timeout: Duration,
) -> Result<Record, BoardError> {
    let plugin = plugin(host, toolchain, folder)?;
    // A file of its own: several traces may run at once.
    let out = folder.join(format!("{}-{from:x}.trace", std::process::id()));
    let (mut command, _) = machine(host, board, elf)?;
    command.args(["-serial", "null", "-plugin"]);
    command.arg(format!(
        "{},from={from},out={}",
        plugin.display(),
        out.display()
    ));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| BoardError::Start {
        program: QEMU.into(),
        error,
    })?;
    let deadline = Instant::now() + timeout;
    let record = loop {
        if is_complete(&out) {
            break fs::read(&out).ok().map(|bytes| parse(&bytes));
        }
        let has_ended = !matches!(child.try_wait(), Ok(None));
        if has_ended || Instant::now() > deadline {
            break None;
        }
        thread::sleep(PERIOD);
    };
    // Each fails only when there is nothing left to end or to remove.
    let _ = child.kill();
    let output = child.wait_with_output();
    let _ = fs::remove_file(&out);
    record.ok_or_else(|| {
        let said = output.map(|output| output.stderr).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        BoardError::TraceTimeout {
            function: function.into(),
            seconds: timeout.as_secs(),
            said: if said.trim().is_empty() {
                String::new()
            } else {
                format!("; it said: {}", said.trim())
            },
        }
    })
}

/// Whether a record ends as a whole one does. Until the plugin has made its file it does not.
fn is_complete(out: &Path) -> bool {
    let mut last = [0; 4];
    let mut read = || -> io::Result<()> {
        let mut file = File::open(out)?;
        file.seek(SeekFrom::End(-4))?;
        file.read_exact(&mut last)
    };
    read().is_ok() && u32::from_le_bytes(last) == ENDED
}

fn parse(bytes: &[u8]) -> Record {
    let mut words = bytes.chunks_exact(4).map(|word| {
        u32::from_le_bytes(
            word.try_into()
                .expect("a chunk of four bytes has four bytes"),
        )
    });
    let mut record = Record::default();
    while let Some(word) = words.next() {
        match word {
            DESCRIBED => {
                let (Some(start), Some(count)) = (words.next(), words.next()) else {
                    break;
                };
                record.blocks.push(Block { start, count });
            }
            ENDED => break,
            number => record.executed.push(number),
        }
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_blocks_and_the_order_in_which_they_ran() {
        let words = [DESCRIBED, 0x100, 4, 0, DESCRIBED, 0x104, 2, 1, 0, ENDED];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let record = parse(&bytes);
        let block = |start, count| Block { start, count };
        assert_eq!(record.blocks, [block(0x100, 4), block(0x104, 2)]);
        assert_eq!(record.executed, [0, 1, 0]);
    }
}
