//! What Cargo knows of the workspace: its own crates with their dependencies, and the licence of
//! every crate that they draw in.
//!
//! In comes the JSON of `cargo metadata` (format version 1).

use std::path::PathBuf;

use serde_json::Value;

use crate::process;

/// The workspace as `cargo metadata` describes it.
pub struct Workspace {
    /// Every crate, the workspace's own and those from registries, for all platforms.
    pub packages: Vec<Package>,
    /// The folder that builds go to.
    pub target: PathBuf,
}

/// One crate.
pub struct Package {
    pub name: String,
    pub version: String,
    /// The SPDX expression of its `Cargo.toml`.
    pub licence: Option<String>,
    pub origin: Origin,
    /// What its `Cargo.toml` names, optional dependencies too.
    pub dependencies: Vec<Dependency>,
}

/// Where a crate comes from.
#[derive(PartialEq, Eq)]
pub enum Origin {
    Workspace,
    Elsewhere,
}

/// One line of a crate's dependencies.
pub struct Dependency {
    pub name: String,
    pub kind: Kind,
}

/// What a dependency is for.
#[derive(PartialEq, Eq)]
pub enum Kind {
    Normal,
    Build,
    Development,
}

impl Workspace {
    /// Asks Cargo.
    pub fn read() -> Result<Self, String> {
        let json = process::output_of(process::cargo(&[
            "metadata",
            "--format-version",
            "1",
            "--quiet",
        ]))?;
        let metadata = serde_json::from_slice(&json)
            .map_err(|error| format!("`cargo metadata` did not write JSON: {error}."))?;
        Self::parse(&metadata)
            .ok_or_else(|| "The JSON of `cargo metadata` is not of format version 1.".into())
    }

    /// Reads what `cargo metadata` wrote; `None` when a field is not there.
    pub fn parse(metadata: &Value) -> Option<Self> {
        Some(Self {
            packages: metadata["packages"]
                .as_array()?
                .iter()
                .map(parse_package)
                .collect::<Option<_>>()?,
            target: metadata["target_directory"].as_str()?.into(),
        })
    }
}

fn parse_package(package: &Value) -> Option<Package> {
    Some(Package {
        name: package["name"].as_str()?.into(),
        version: package["version"].as_str()?.into(),
        licence: package["license"].as_str().map(Into::into),
        // Only a crate that was not fetched has no source.
        origin: if package["source"].is_null() {
            Origin::Workspace
        } else {
            Origin::Elsewhere
        },
        dependencies: package["dependencies"]
            .as_array()?
            .iter()
            .map(parse_dependency)
            .collect::<Option<_>>()?,
    })
}

fn parse_dependency(dependency: &Value) -> Option<Dependency> {
    Some(Dependency {
        name: dependency["name"].as_str()?.into(),
        kind: match dependency["kind"].as_str() {
            None => Kind::Normal,
            Some("build") => Kind::Build,
            Some("dev") => Kind::Development,
            Some(_) => return None,
        },
    })
}
