//! Compiles the plugin that QEMU loads, once for a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::emulator::QEMU;
use crate::error::BoardError;
use crate::host::Host;
use crate::toolchain::{Toolchain, answer};

const SOURCE: &str = include_str!("../../trace/plugin.rs");

/// How many of the compiler's last lines an error shows.
const TAIL_LINES: usize = 20;

/// The plugin's file in `folder`, compiled unless it is there already.
pub(super) fn plugin(
    host: &Host,
    toolchain: &Toolchain,
    folder: &Path,
) -> Result<PathBuf, BoardError> {
    let version = interface(host);
    let source = folder.join("plugin.rs");
    let plugin = folder.join(format!(
        "plugin-{version}.{}",
        std::env::consts::DLL_EXTENSION
    ));
    let is_present = fs::read_to_string(&source).is_ok_and(|present| present == SOURCE);
    if is_present && plugin.is_file() {
        return Ok(plugin);
    }
    fs::create_dir_all(folder).map_err(BoardError::file(folder))?;
    fs::write(&source, SOURCE).map_err(BoardError::file(&source))?;
    let mut command = host.command(&toolchain.rustc);
    command.stdin(Stdio::null());
    command.args([
        "--edition",
        "2024",
        "--crate-type",
        "cdylib",
        "--crate-name",
        "gannet_trace",
    ]);
    command.args(["-C", "opt-level=2", "-C", "panic=abort"]);
    if version > 1 {
        command.args(["--cfg", "qemu_plugin_2"]);
    }
    if cfg!(target_os = "macos") {
        // QEMU's functions are found when it loads the plugin.
        command.args(["-C", "link-arg=-Wl,-undefined,dynamic_lookup"]);
    }
    let output = command
        .arg("-o")
        .arg(&plugin)
        .arg(&source)
        .output()
        .map_err(|error| BoardError::Start {
            program: toolchain.rustc.display().to_string(),
            error,
        })?;
    if output.status.success() {
        return Ok(plugin);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    Err(BoardError::Tracer {
        rustc: toolchain.rustc.clone(),
        tail: lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n"),
    })
}

/// The version of QEMU's interface for plugins: 2 since QEMU 9, which takes nothing older.
fn interface(host: &Host) -> u32 {
    let about = host
        .find(QEMU)
        .and_then(|program| answer(host, &program, &["--version"]).ok())
        .unwrap_or_default();
    let major = about
        .split_once("version ")
        .and_then(|(_, rest)| rest.split('.').next()?.parse::<u32>().ok());
    if major.is_some_and(|major| major >= 9) {
        2
    } else {
        1
    }
}
