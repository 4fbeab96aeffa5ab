//! The report: one JSON object whose sections appear as commands run.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::screen::{Screen, put};

/// Where the report goes.
#[derive(Debug, Clone, Args)]
pub struct JsonArg {
    /// Write the report to FILE ("-": standard output, with nothing else on it). Sections that
    /// other commands wrote there before stay.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl JsonArg {
    /// The screen that goes with it. A report that could not be written is told now, before
    /// anything long begins.
    pub fn screen(&self) -> Result<Screen, Failure> {
        let Some(path) = &self.json else {
            return Ok(Screen::LIT);
        };
        if self.is_standard_output() {
            return Ok(Screen::DARK);
        }
        existing(path)?;
        let opened = OpenOptions::new().append(true).create(true).open(path);
        opened.map_err(|error| unwritable(path, &error))?;
        Ok(Screen::LIT)
    }

    /// Writes sections, each under its name, where they were asked for.
    pub fn write(&self, sections: &[(&str, &dyn erased::Section)]) -> Result<(), Failure> {
        let Some(path) = &self.json else {
            return Ok(());
        };
        let mut report = if self.is_standard_output() {
            Map::new()
        } else {
            existing(path)?
        };
        for (name, section) in sections {
            report.insert((*name).to_owned(), section.to_value()?);
        }
        let mut text = serde_json::to_string_pretty(&Value::Object(report))?;
        text.push('\n');
        if self.is_standard_output() {
            put(text);
            return Ok(());
        }
        fs::write(path, text).map_err(|error| unwritable(path, &error))
    }

    fn is_standard_output(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!(
        "the report cannot be written to {}: {error}",
        path.display()
    ))
}

/// What a report file holds already.
fn existing(path: &Path) -> Result<Map<String, Value>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => text,
        Ok(_) => return Ok(Map::new()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(error) => {
            return Err(Failure::new(format!(
                "{} cannot be read: {error}",
                path.display()
            )));
        }
    };
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(format!(
            "{} exists and is no report to add to ({error}): name another file, or remove it",
            path.display()
        ))
    })
}

/// Sections of different types in one list.
pub mod erased {
    use serde::Serialize;
    use serde_json::Value;

    /// Anything that can be a section.
    pub trait Section {
        /// The section as JSON.
        fn to_value(&self) -> Result<Value, serde_json::Error>;
    }

    impl<T: Serialize> Section for T {
        fn to_value(&self) -> Result<Value, serde_json::Error> {
            serde_json::to_value(self)
        }
    }
}
