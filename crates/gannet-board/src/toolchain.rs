//! Finds a Rust that can build for a board's core. In order: one that has the target installed
//! (rustup), then one that has its own source and builds `core` itself (Debian's packages).

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::BoardError;
use crate::host::Host;

/// The oldest Rust that the firmware's sources compile with.
const OLDEST: (u32, u32) = (1, 91);

/// A Rust that can build firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// The version as rustc tells it, for example `1.95.0`.
    pub version: String,
    /// The compiler.
    pub rustc: PathBuf,
    cargo: PathBuf,
    target: String,
    source: Core,
}

/// Where a toolchain has the target's `core` from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Core {
    /// It is installed.
    Installed,
    /// It is built from source with the project.
    Built {
        /// The linker, where Rust does not bring one.
        linker: Option<PathBuf>,
    },
}

impl Toolchain {
    /// The first toolchain that can build for `target`, a Rust triple.
    ///
    /// # Errors
    /// [`BoardError::NoToolchain`] with every compiler that was found and what it lacks.
    pub fn find(host: &Host, target: &str) -> Result<Toolchain, BoardError> {
        let mut lacks = Vec::new();
        let mut rusts = Vec::new();
        for rustc in candidates(host) {
            match Rust::inspect(host, &rustc) {
                Ok(rust) if rusts.contains(&rust) => {}
                Ok(rust) => rusts.push(rust),
                Err(reason) => lacks.push(format!("{} ({reason})", rustc.display())),
            }
        }
        let toolchain = |rust: &Rust, source| Toolchain {
            version: rust.version.clone(),
            rustc: rust.rustc.clone(),
            cargo: rust.cargo.clone(),
            target: target.to_owned(),
            source,
        };
        if let Some(rust) = rusts.iter().find(|rust| rust.has_target(target)) {
            return Ok(toolchain(rust, Core::Installed));
        }
        for rust in &rusts {
            match rust.core_source(host) {
                Ok(source) => return Ok(toolchain(rust, source)),
                Err(reason) => lacks.push(format!("{} ({reason})", rust.rustc.display())),
            }
        }
        if lacks.is_empty() {
            lacks.push("rustc, which is not on the search path".into());
        }
        Err(BoardError::NoToolchain {
            target: target.into(),
            looked_for: lacks.join(", "),
        })
    }

    /// Where `core` comes from.
    #[must_use]
    pub fn core(&self) -> &Core {
        &self.source
    }

    /// The cargo command that builds the project in `folder`; it lacks only what to build.
    pub(crate) fn build_command(&self, host: &Host, folder: &Path) -> Command {
        let mut command = host.command(&self.cargo);
        command.current_dir(folder).env("RUSTC", &self.rustc);
        command.args([
            "build",
            "--release",
            "--target-dir",
            "target",
            "--target",
            &self.target,
        ]);
        if let Core::Built { linker } = &self.source {
            // Building `core` is unstable in cargo; this lets a stable one do it.
            command.env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=core");
            if let Some(linker) = linker {
                let target = self.target.to_uppercase().replace('-', "_");
                command.env(format!("CARGO_TARGET_{target}_LINKER"), linker);
            }
        }
        command
    }
}

/// Every rustc on the search path, then those of rustup's other toolchains.
fn candidates(host: &Host) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = host.find_all("rustc").collect();
    found.extend(rustups(host).into_iter().map(|(_, rustc)| rustc));
    found
}

/// The names of rustup's toolchains that are recent enough, its default first.
pub(crate) fn recent_rustups(host: &Host) -> Vec<String> {
    rustups(host)
        .into_iter()
        .filter(|(_, rustc)| Rust::inspect(host, rustc).is_ok())
        .map(|(name, _)| name)
        .collect()
}

/// Rustup's toolchains, its default first: name and compiler.
fn rustups(host: &Host) -> Vec<(String, PathBuf)> {
    let listed = host
        .find("rustup")
        .and_then(|rustup| answer(host, &rustup, &["toolchain", "list", "--verbose"]).ok())
        .unwrap_or_default();
    // A line is a name, perhaps notes in parentheses, and the folder.
    let toolchain = |line: &str| {
        let (name, _) = line.split_once(char::is_whitespace)?;
        let rustc = Path::new(line[line.find('/')?..].trim()).join("bin/rustc");
        Some((name.to_owned(), rustc))
    };
    let (mut first, others): (Vec<_>, Vec<_>) =
        listed.lines().partition(|line| line.contains("default)"));
    first.extend(others);
    first.into_iter().filter_map(toolchain).collect()
}

/// One installation of Rust.
#[derive(PartialEq, Eq)]
struct Rust {
    version: String,
    rustc: PathBuf,
    cargo: PathBuf,
    sysroot: PathBuf,
    host_triple: String,
}

impl Rust {
    fn inspect(host: &Host, rustc: &Path) -> Result<Rust, String> {
        let about = answer(host, rustc, &["-vV"])?;
        let field = |name: &str| {
            let value = about.lines().find_map(|line| line.strip_prefix(name));
            value
                .map(|value| value.trim().to_owned())
                .ok_or("it does not tell its version")
        };
        let version = field("release:")?;
        let mut numbers = version
            .split('.')
            .map_while(|number| number.parse::<u32>().ok());
        if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < OLDEST {
            return Err(format!(
                "version {version}, {}.{} is needed",
                OLDEST.0, OLDEST.1
            ));
        }
        let sysroot = PathBuf::from(answer(host, rustc, &["--print", "sysroot"])?.trim());
        // Behind rustup's proxies are the real programs, which no toolchain file redirects.
        let programs = [
            sysroot.join("bin"),
            rustc.parent().unwrap_or(Path::new("")).to_owned(),
        ];
        let find = |name: &str| {
            let found = programs
                .iter()
                .map(|folder| folder.join(name))
                .find(|path| path.is_file());
            found.ok_or_else(|| format!("no {name} beside it"))
        };
        let (rustc, cargo) = (find("rustc")?, find("cargo")?);
        Ok(Rust {
            version,
            rustc,
            cargo,
            sysroot,
            host_triple: field("host:")?,
        })
    }

    fn has_target(&self, target: &str) -> bool {
        let libraries = self.sysroot.join("lib/rustlib").join(target).join("lib");
        let mut entries = libraries.read_dir().into_iter().flatten().flatten();
        entries.any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    }

    fn core_source(&self, host: &Host) -> Result<Core, String> {
        let rustlib = self.sysroot.join("lib/rustlib");
        if !rustlib.join("src/rust/library/core").is_dir() {
            return Err("neither the target nor the source of core is installed".into());
        }
        if rustlib
            .join(&self.host_triple)
            .join("bin/rust-lld")
            .is_file()
        {
            return Ok(Core::Built { linker: None });
        }
        let linker = host
            .find("ld.lld")
            .ok_or("it has core's source, but ld.lld is missing")?;
        Ok(Core::Built {
            linker: Some(linker),
        })
    }
}

/// What a program prints, run in its own folder so that no project's settings reach it.
pub(crate) fn answer(host: &Host, program: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = host.command(program);
    command.args(arguments).env("RUSTUP_AUTO_INSTALL", "0");
    if let Some(folder) = program.parent() {
        command.current_dir(folder);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said
        .lines()
        .next()
        .unwrap_or("it failed and said nothing")
        .trim()
        .to_owned())
}
