//! Says what firmware needs of this machine, what of it is here, and how to get the rest; and
//! gets it, where the machine's package manager can.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Serialize;

use crate::c_build::GCC;
use crate::emulator::QEMU;
use crate::error::BoardError;
use crate::host::Host;
use crate::toolchain::{Core, Toolchain, answer, recent_rustups};

/// Debian's packages of a recent Rust with its source, and the linker that they lack.
const DEBIAN_RUST: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld"];

/// Debian's packages of what builds firmware in C.
const DEBIAN_C: [&str; 3] = ["gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "make"];

/// One thing that firmware needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is, in words.
    pub what: String,
    /// Whether anything fails without it.
    pub need: Need,
    /// Whether it is here.
    pub state: State,
}

/// Whether a thing can be done without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// Firmware cannot be built or run without it.
    Required,
    /// Needed for firmware in C or with a board on the desk only.
    Optional,
}

/// Whether a thing is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is.
    Found {
        /// As the program tells it.
        version: String,
        /// Where.
        path: PathBuf,
    },
    /// It is not.
    Missing {
        /// What was looked for.
        why: String,
        /// What would get it, the best first. Empty where only a person can.
        remedies: Vec<Remedy>,
        /// What a person can do.
        advice: String,
    },
}

/// Commands that together get one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// Each with its arguments, in order.
    pub commands: Vec<Vec<String>>,
}

/// Looks for everything that building and running firmware for `target` needs.
#[must_use]
pub fn checks(host: &Host, target: &str) -> Vec<Check> {
    let toolchain = Toolchain::find(host, target);
    vec![
        emulator(host),
        rust(host, target, &toolchain),
        linker(host, &toolchain),
        c_compiler(host),
        probe_rs(host),
    ]
}

/// The first thing that cannot be done without and is not here.
#[must_use]
pub fn first_missing(host: &Host, target: &str) -> Option<Check> {
    checks(host, target).into_iter().find(Check::is_lacking)
}

/// Gets everything that is missing, one thing at a time: what brings one may bring the next.
/// `progress` is told what is missing and each command before it runs; where nothing is
/// missing it is told nothing.
///
/// # Errors
/// [`BoardError::CannotFix`] for the first thing that cannot be got.
pub fn set_up(host: &Host, target: &str, mut progress: impl FnMut(&str)) -> Result<(), BoardError> {
    let mut installed = Vec::new();
    while let Some(check) = first_missing(host, target) {
        let State::Missing { why, advice, .. } = &check.state else {
            return Ok(());
        };
        if installed.contains(&check.what) {
            return Err(BoardError::CannotFix {
                what: check.what,
                reason: format!("it was installed and is missing again: {why}"),
                advice: advice.clone(),
            });
        }
        progress(&format!("Missing: {}; {why}.", check.what));
        check.fix(host, target, |command| progress(&format!("  {command}")))?;
        installed.push(check.what);
    }
    Ok(())
}

/// Gets what firmware in C needs besides, if it is missing.
///
/// # Errors
/// [`BoardError::CannotFix`].
pub fn set_up_c(host: &Host, target: &str, progress: impl FnMut(&str)) -> Result<(), BoardError> {
    c_compiler(host).fix(host, target, progress)
}

fn emulator(host: &Host) -> Check {
    let state = program(host, QEMU).unwrap_or_else(|| State::Missing {
        why: format!("{QEMU} is not on the search path"),
        remedies: apt(host, &[QEMU]).into_iter().collect(),
        advice: "install QEMU's Arm system emulator from https://www.qemu.org/download".into(),
    });
    Check {
        what: "emulator (QEMU)".into(),
        need: Need::Required,
        state,
    }
}

fn rust(host: &Host, target: &str, toolchain: &Result<Toolchain, BoardError>) -> Check {
    let state = match toolchain {
        Ok(found) => State::Found {
            version: match found.core() {
                Core::Installed => found.version.clone(),
                Core::Built { .. } => format!("{}, builds core itself", found.version),
            },
            path: found.rustc.clone(),
        },
        Err(error) => State::Missing {
            why: error.to_string(),
            remedies: rustup(host, target)
                .into_iter()
                .chain(apt(host, &DEBIAN_RUST))
                .collect(),
            advice: format!(
                "install rustup from https://rustup.rs, then: rustup target add {target}"
            ),
        },
    };
    Check {
        what: format!("Rust for {target}"),
        need: Need::Required,
        state,
    }
}

fn linker(host: &Host, toolchain: &Result<Toolchain, BoardError>) -> Check {
    let bundled = toolchain
        .as_ref()
        .ok()
        .and_then(|toolchain| match toolchain.core() {
            Core::Built { linker: Some(_) } => None,
            _ => Some(State::Found {
                version: "with Rust".into(),
                path: toolchain.rustc.clone(),
            }),
        });
    let state = bundled
        .or_else(|| program(host, "ld.lld"))
        .unwrap_or_else(|| State::Missing {
            why: "ld.lld is not on the search path".into(),
            remedies: apt(host, &["lld"]).into_iter().collect(),
            advice: "install LLVM's linker lld".into(),
        });
    Check {
        what: "linker (lld)".into(),
        need: Need::Required,
        state,
    }
}

fn c_compiler(host: &Host) -> Check {
    let state = program(host, GCC).unwrap_or_else(|| State::Missing {
        why: format!("{GCC} is not on the search path; only firmware in C needs it"),
        remedies: apt(host, &DEBIAN_C).into_iter().collect(),
        advice: "install Arm's GNU toolchain from https://developer.arm.com".into(),
    });
    Check {
        what: "C compiler (arm-none-eabi-gcc)".into(),
        need: Need::Optional,
        state,
    }
}

fn probe_rs(host: &Host) -> Check {
    let state = program(host, "probe-rs").unwrap_or_else(|| State::Missing {
        why: "probe-rs is not on the search path; only flashing a board needs it".into(),
        remedies: Vec::new(),
        advice: "see https://probe.rs/docs/getting-started/installation".into(),
    });
    Check {
        what: "flash tool (probe-rs)".into(),
        need: Need::Optional,
        state,
    }
}

fn program(host: &Host, name: &str) -> Option<State> {
    let path = host.find(name)?;
    let said = answer(host, &path, &["--version"]).ok()?;
    let version = said.lines().next().unwrap_or_default().to_owned();
    Some(State::Found { version, path })
}

/// Debian's package manager, with the rights that it needs.
fn apt(host: &Host, packages: &[&str]) -> Option<Remedy> {
    let apt_get = host.find("apt-get")?;
    let is_root = host
        .find("id")
        .and_then(|id| answer(host, &id, &["-u"]).ok())
        .is_some_and(|user| user.trim() == "0");
    let mut prefix = Vec::new();
    if !is_root {
        prefix.push(host.find("sudo")?.display().to_string());
    }
    prefix.push(apt_get.display().to_string());
    let command = |arguments: &[&str]| {
        prefix
            .iter()
            .cloned()
            .chain(arguments.iter().map(|&argument| argument.into()))
            .collect()
    };
    let install: Vec<&str> = ["install", "-y", "--no-install-recommends"]
        .into_iter()
        .chain(packages.iter().copied())
        .collect();
    Some(Remedy {
        commands: vec![command(&["update"]), command(&install)],
    })
}

/// Rustup, for each of its toolchains that is recent enough, its default first.
fn rustup(host: &Host, target: &str) -> Vec<Remedy> {
    let Some(rustup) = host.find("rustup") else {
        return Vec::new();
    };
    let add = |toolchain: String| {
        let words = ["target", "add", "--toolchain", &toolchain, target];
        let rustup = rustup.display().to_string();
        Remedy {
            commands: vec![
                [rustup]
                    .into_iter()
                    .chain(words.map(str::to_owned))
                    .collect(),
            ],
        }
    };
    recent_rustups(host).into_iter().map(add).collect()
}

impl Check {
    /// Whether it is needed and not here.
    #[must_use]
    pub fn is_lacking(&self) -> bool {
        self.need == Need::Required && matches!(self.state, State::Missing { .. })
    }

    /// Gets what firmware for `target` is missing: tries one remedy after the other until the
    /// thing is here. `progress` is told each command before it runs. Nothing happens when the
    /// thing is here already.
    ///
    /// # Errors
    /// [`BoardError::CannotFix`] with the last remedy's reason and what a person can do.
    pub fn fix(
        &self,
        host: &Host,
        target: &str,
        mut progress: impl FnMut(&str),
    ) -> Result<(), BoardError> {
        let State::Missing {
            remedies, advice, ..
        } = &self.state
        else {
            return Ok(());
        };
        let mut reason = "this machine has no package manager that Gannet can use".to_owned();
        for remedy in remedies {
            let applied = remedy.apply(host, &mut progress);
            // Commands that succeed may still have brought nothing that is of use here.
            match applied.and_then(|()| self.look_again(host, target)) {
                Ok(()) => return Ok(()),
                Err(failed) => reason = failed,
            }
        }
        Err(BoardError::CannotFix {
            what: self.what.clone(),
            reason,
            advice: advice.clone(),
        })
    }

    /// Whether the thing is here now; if not, why.
    fn look_again(&self, host: &Host, target: &str) -> Result<(), String> {
        let now = checks(host, target)
            .into_iter()
            .find(|check| check.what == self.what);
        match now.map(|check| check.state) {
            Some(State::Missing { why, .. }) => {
                Err(format!("it was installed and is still missing: {why}"))
            }
            _ => Ok(()),
        }
    }
}

impl Remedy {
    fn apply(&self, host: &Host, progress: &mut impl FnMut(&str)) -> Result<(), String> {
        for words in &self.commands {
            let line = words.join(" ");
            progress(&line);
            let Some((program, arguments)) = words.split_first() else {
                continue;
            };
            let output = host
                .command(Path::new(program))
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .stdin(Stdio::null())
                .output()
                .map_err(|error| format!("`{line}` did not start: {error}"))?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                let last = said.lines().rev().find(|line| !line.trim().is_empty());
                return Err(format!(
                    "`{line}` failed: {}",
                    last.unwrap_or("it said nothing")
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_an_empty_machine_everything_is_missing_and_says_what_to_do() {
        let host = Host::default();
        for check in checks(&host, "thumbv7em-none-eabihf") {
            let State::Missing {
                why,
                remedies,
                advice,
            } = &check.state
            else {
                panic!("{check:?} was found without a search path");
            };
            assert!(
                !why.is_empty() && !advice.is_empty() && remedies.is_empty(),
                "{check:?}"
            );
            let message = check
                .fix(&host, "thumbv7em-none-eabihf", |_| {})
                .unwrap_err()
                .to_string();
            assert!(message.contains(advice), "{message}");
        }
    }

    #[test]
    fn remedies_are_tried_in_order_until_one_works() {
        let command = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let remedy = |program: &str| Remedy {
            commands: vec![command(&[program])],
        };
        let remedies = vec![
            remedy("/nonexistent/installer"),
            remedy("true"),
            remedy("false"),
        ];
        let state = State::Missing {
            why: "not here".into(),
            remedies,
            advice: "none".into(),
        };
        let check = Check {
            what: "a thing".into(),
            need: Need::Required,
            state,
        };
        let mut run = Vec::new();
        check
            .fix(&Host::current(), "thumbv7em-none-eabihf", |line| {
                run.push(line.to_owned())
            })
            .unwrap();
        assert_eq!(run, ["/nonexistent/installer", "true"]);
    }
}
