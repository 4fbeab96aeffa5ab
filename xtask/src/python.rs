//! Python programs in an environment of their own below the target folder, so that nothing is
//! installed outside of it.

use std::path::{Path, PathBuf};

use crate::process::{self, program, run_silently};
use crate::workspace::Workspace;

/// An environment: a folder with an interpreter and the packages that were asked for.
pub struct Environment {
    programs: PathBuf,
}

impl Environment {
    /// Makes `target/NAME` unless it is there, and brings into it what `requirements`
    /// (arguments to `pip install`) name.
    pub fn prepare(name: &str, requirements: &[&str]) -> Result<Self, String> {
        let folder = Workspace::read()?.target.join(name);
        let environment = Self {
            programs: folder.join("bin"),
        };
        if !environment.program("pip").exists() {
            create(&folder)?;
        }
        let mut install = process::program(environment.program("pip"), &["install", "--quiet"]);
        install.args(requirements);
        run_silently(install)?;
        Ok(environment)
    }

    /// The path of one of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }
}

fn create(folder: &Path) -> Result<(), String> {
    let mut create = program("python3", &["-m", "venv"]);
    create.arg(folder);
    run_silently(create).map_err(|failure| {
        format!(
            "{failure}\nPython 3 with its `venv` module is needed; \
             on Debian: apt-get install python3-venv"
        )
    })
}
