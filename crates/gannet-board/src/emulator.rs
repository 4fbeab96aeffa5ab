//! Runs a firmware image in QEMU. A board and an ELF go in; out comes the board's serial port as
//! a [`Wire`], or the text that the `example` program prints. The emulator dies with its value.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use gannet_link::Wire;
use gannet_link::client::StreamWire;

use crate::board::{Board, Emulator as Machine};
use crate::error::BoardError;
use crate::host::Host;

/// The program that emulates; Debian's package has the same name.
pub(crate) const QEMU: &str = "qemu-system-arm";

/// The last line that `example` prints.
const END_MARKER: &str = "end of example";

/// A running emulator. As a [`Wire`] it is the board's serial port.
pub struct Emulator {
    child: Child,
    serial: StreamWire,
    said: Receiver<String>,
}

impl Emulator {
    /// Boots `elf` on the machine that stands in for `board`.
    ///
    /// # Errors
    /// [`BoardError::NoEmulator`], [`BoardError::EmulatorMissing`] or [`BoardError::Start`]. An
    /// emulator that ends later shows at the first use of the wire.
    pub fn start(host: &Host, board: &Board, elf: &Path) -> Result<Emulator, BoardError> {
        let (mut command, machine) = machine(host, board, elf)?;
        for _ in 0..machine.uart_serial_index {
            command.args(["-serial", "null"]);
        }
        // Without the multiplexer every byte to the board waits for a turn of QEMU's main loop
        // and for its big lock, which a polling program hardly leaves free. With it, 32 bytes are
        // ahead, and a program that reads one gets the next at once: five times as fast.
        // Its escape character is set to what no byte equals.
        command.args([
            "-chardev",
            "stdio,id=uart,mux=on,signal=off",
            "-serial",
            "chardev:uart",
        ]);
        command.args(["-echr", "256"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| BoardError::Start {
            program: QEMU.into(),
            error,
        })?;
        let (Some(input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            unreachable!("all three streams were asked for as pipes");
        };
        Ok(Emulator {
            child,
            serial: StreamWire::new(output, input),
            said: collect(errors),
        })
    }

    /// Why the emulator ended, once the wire has.
    fn ended(&mut self) -> io::Error {
        let status = match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let said = self
            .said
            .recv_timeout(Duration::from_secs(1))
            .unwrap_or_default();
        let said = if said.trim().is_empty() {
            "nothing"
        } else {
            said.trim()
        }
        .to_owned();
        io::Error::other(BoardError::EmulatorEnded { status, said })
    }
}

impl Wire for Emulator {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.serial.send(bytes).map_err(|_| self.ended())
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        match self.serial.receive(buffer, timeout) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.ended()),
            received => received,
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Either fails only when the emulator has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The emulator's command for `elf` on the machine that stands in for `board`, which is given
/// too; it lacks the serial ports.
///
/// # Errors
/// [`BoardError::NoEmulator`] or [`BoardError::EmulatorMissing`].
pub(crate) fn machine<'b>(
    host: &Host,
    board: &'b Board,
    elf: &Path,
) -> Result<(Command, &'b Machine), BoardError> {
    let machine = board
        .emulator
        .as_ref()
        .ok_or_else(|| BoardError::NoEmulator {
            board: board.name.clone(),
        })?;
    let program = host.find(QEMU).ok_or(BoardError::EmulatorMissing)?;
    let mut command = host.command(&program);
    command.args(["-machine", &machine.qemu_machine]);
    command.args(["-display", "none", "-monitor", "none"]);
    command.arg("-kernel").arg(elf);
    Ok((command, machine))
}

/// Gathers a stream's text in the background, so that its writer never blocks.
fn collect(mut stream: impl Read + Send + 'static) -> Receiver<String> {
    let (done, text) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is still worth telling.
        let _ = stream.read_to_end(&mut bytes);
        let _ = done.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    text
}

/// What the `example` program printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleRun {
    /// Its text, up to the end marker.
    pub text: String,
    /// The index of the largest output: for digits, the digit.
    pub recognised: u32,
    /// The most stack that had been in use after the inference, in bytes.
    pub peak_stack_bytes: u32,
}

/// Boots the `example` image and listens until it has printed everything.
///
/// # Errors
/// As [`Emulator::start`]; [`BoardError::ExampleTimeout`] with what was printed when the end does
/// not come in time.
pub fn run_example(
    host: &Host,
    board: &Board,
    elf: &Path,
    timeout: Duration,
) -> Result<ExampleRun, BoardError> {
    let mut emulator = Emulator::start(host, board, elf)?;
    let deadline = Instant::now() + timeout;
    let mut printed = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&printed);
        if let Some(end) = text.find(END_MARKER) {
            return ExampleRun::parse(&text[..end]);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(BoardError::ExampleTimeout {
                marker: END_MARKER,
                seconds: timeout.as_secs(),
                printed: text.into_owned(),
            });
        }
        let received = emulator.receive(&mut buffer, left).map_err(|error| {
            let reason = error.to_string();
            error
                .downcast::<BoardError>()
                .unwrap_or(BoardError::EmulatorEnded {
                    status: "unknown".into(),
                    said: reason,
                })
        })?;
        printed.extend_from_slice(&buffer[..received]);
    }
}

impl ExampleRun {
    fn parse(text: &str) -> Result<ExampleRun, BoardError> {
        let number_after = |line: &'static str| {
            let value = text
                .lines()
                .find_map(|candidate| candidate.strip_prefix(line));
            value
                .and_then(|value| value.split(' ').next()?.parse().ok())
                .ok_or_else(|| BoardError::ExampleText {
                    line,
                    printed: text.to_owned(),
                })
        };
        Ok(ExampleRun {
            text: text.to_owned(),
            recognised: number_after("recognised ")?,
            peak_stack_bytes: number_after("peak stack ")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_text_is_read_by_its_lines() {
        let run =
            ExampleRun::parse("simple_outputs[0] float 1\nrecognised 4\npeak stack 504 bytes\n");
        let run = run.unwrap();
        assert_eq!((run.recognised, run.peak_stack_bytes), (4, 504));
        let message = ExampleRun::parse("recognised 4\n").unwrap_err().to_string();
        assert!(message.contains("peak stack"), "{message}");
    }
}
