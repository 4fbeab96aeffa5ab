//! The host itself as a board: the same generated network and the same link, compiled for this
//! machine and served over pipes. A folder and a network crate go in, a [`Wire`] comes out.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use gannet_link::{StreamWire, Wire};

use crate::build::run_to_end;
use crate::error::BoardError;
use crate::host::Host;
use crate::project::{Feed, INTRODUCTION, dependencies, device_source, write_all};

/// A network that runs on this machine. As a [`Wire`] it is the serial port of a board.
pub struct Native {
    child: Child,
    pipes: StreamWire,
}

impl Native {
    /// Writes a project for the network crate `network` with `network_files`, which takes its
    /// images in a way, into `folder`, builds it with the cargo on the search path, and starts it.
    /// `progress` is given each line of the compiler's messages as it comes.
    ///
    /// # Errors
    /// [`BoardError::OtherPackage`], [`BoardError::File`], [`BoardError::CargoMissing`],
    /// [`BoardError::Build`] or [`BoardError::Start`].
    pub fn start(
        host: &Host,
        network: &str,
        network_files: &[(String, String)],
        feed: Feed,
        folder: &Path,
        progress: impl FnMut(&str),
    ) -> Result<Native, BoardError> {
        write_all(folder, files(network, network_files, feed))?;

        let cargo = host.find("cargo").ok_or(BoardError::CargoMissing)?;
        let triple = host_triple(host, &cargo, folder)?;
        let mut command = host.command(&cargo);
        command.current_dir(folder);
        // A target of its own, as settings in a folder above may name another.
        command.args(["build", "--release", "--target-dir", "target", "--target"]);
        command.arg(&triple);
        run_to_end(command, "cargo", progress)?.map_err(|said| said.into_error(folder))?;

        let program = folder
            .join("target")
            .join(triple)
            .join("release")
            .join(format!("gannet_native{}", std::env::consts::EXE_SUFFIX));
        let started = |error| BoardError::Start {
            program: program.display().to_string(),
            error,
        };
        let mut command = host.command(&program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(started)?;
        let (Some(answers), Some(requests)) = (child.stdout.take(), child.stdin.take()) else {
            return Err(started(io::ErrorKind::BrokenPipe.into()));
        };
        let pipes = StreamWire::new(answers, requests);
        Ok(Native { child, pipes })
    }
}

/// The triple of the machine that `cargo` compiles for when nothing tells it otherwise.
fn host_triple(host: &Host, cargo: &Path, folder: &Path) -> Result<String, BoardError> {
    let started = |error| BoardError::Start {
        program: cargo.display().to_string(),
        error,
    };
    let mut command = host.command(cargo);
    // In the project's folder, where rustup's proxies take the toolchain that will build it.
    command.current_dir(folder).arg("-vV").stdin(Stdio::null());
    let output = command.output().map_err(started)?;
    let about = String::from_utf8_lossy(&output.stdout);
    let triple = about.lines().find_map(|line| line.strip_prefix("host: "));
    triple
        .map(|triple| triple.trim().to_owned())
        .ok_or_else(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().next().unwrap_or_default();
            started(io::Error::other(format!(
                "it does not tell its host; {said}"
            )))
        })
}

/// The project's files: path inside its folder, text.
pub(crate) fn files(
    network: &str,
    network_files: &[(String, String)],
    feed: Feed,
) -> Vec<(PathBuf, String)> {
    let manifest = include_str!("../firmware/native/Cargo.toml.in").replace("{{network}}", network);
    let own = [
        ("Cargo.toml", &*manifest),
        ("src/main.rs", include_str!("../firmware/native/main.rs")),
        ("src/timer.rs", include_str!("../firmware/native/timer.rs")),
        ("src/device.rs", device_source(feed)),
        INTRODUCTION,
    ];
    own.into_iter()
        .map(|(path, text)| (PathBuf::from(path), text.to_owned()))
        .chain(dependencies(network_files))
        .collect()
}

impl Wire for Native {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pipes.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.pipes.receive(buffer, timeout)
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
