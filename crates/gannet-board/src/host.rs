//! The machine that Gannet runs on, as far as this crate needs it: where programs are and what
//! the ones that it starts may know. [`Host::current`] is the only place that reads the
//! environment; everything else is given a [`Host`].

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A search path for programs and the variables that they are started with.
#[derive(Clone, Debug, Default)]
pub struct Host {
    path: Vec<PathBuf>,
    variables: Vec<(OsString, OsString)>,
}

impl Host {
    /// This process's `PATH` and environment, without what a surrounding cargo or rustup left
    /// there: a firmware build must not depend on who started it.
    #[must_use]
    pub fn current() -> Host {
        let variables = env::vars_os().filter(|(name, _)| may_pass(name)).collect();
        let path = env::var_os("PATH").unwrap_or_default();
        Host {
            path: env::split_paths(&path).collect(),
            variables,
        }
    }

    /// The same host where programs are looked for in these folders only.
    #[must_use]
    pub fn with_path(self, path: Vec<PathBuf>) -> Host {
        Host { path, ..self }
    }

    /// The first program of that name on the search path.
    #[must_use]
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        self.find_all(program).next()
    }

    /// Every program of that name on the search path, each once.
    pub fn find_all(&self, program: &str) -> impl Iterator<Item = PathBuf> {
        let mut seen: Vec<PathBuf> = Vec::new();
        for folder in &self.path {
            let candidate = folder.join(format!("{program}{}", env::consts::EXE_SUFFIX));
            if is_program(&candidate) && !seen.contains(&candidate) {
                seen.push(candidate);
            }
        }
        seen.into_iter()
    }

    /// A command that knows this host's variables and search path, and nothing else.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Ok(path) = env::join_paths(&self.path) {
            command.env("PATH", path);
        }
        command
    }
}

/// Cargo's and rustup's settings stay out, except where they keep their files and how they reach
/// the network.
fn may_pass(name: &OsStr) -> bool {
    const KEPT: [&str; 8] = [
        "CARGO_HOME",
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTR",
        "CARGO_SOURCE_",
        "RUSTUP_HOME",
        "RUSTUP_DIST_SERVER",
        "RUSTUP_AUTO_INSTALL",
    ];
    let name = name.to_string_lossy();
    let is_tool_setting = name.starts_with("CARGO") || name.starts_with("RUST");
    !is_tool_setting || KEPT.iter().any(|kept| name.starts_with(kept))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_a_surrounding_build_stay_out() {
        let passes = |name: &str| may_pass(OsStr::new(name));
        for name in [
            "RUSTUP_TOOLCHAIN",
            "RUSTFLAGS",
            "RUSTC",
            "CARGO_TARGET_DIR",
            "CARGO_ENCODED_RUSTFLAGS",
        ] {
            assert!(!passes(name), "{name}");
        }
        for name in [
            "HOME",
            "CARGO_HOME",
            "CARGO_HTTP_PROXY",
            "https_proxy",
            "RUSTUP_HOME",
        ] {
            assert!(passes(name), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_dot_is_part_of_a_programs_name() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let host = Host::default().with_path(vec![folder.path().to_owned()]);
        for name in ["ld", "ld.lld"] {
            let path = folder.path().join(name);
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        assert_eq!(host.find("ld.lld"), Some(folder.path().join("ld.lld")));
    }

    #[test]
    fn nothing_is_found_on_an_empty_path() {
        assert_eq!(Host::current().with_path(Vec::new()).find("sh"), None);
    }
}
