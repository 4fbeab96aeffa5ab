//! The layer check: a crate of the workspace may use crates on lower lines only.
//!
//! The table below is the rule. Normal and build dependencies count; tests may use what they like.

use crate::Outcome;
use crate::workspace::{Dependency, Kind, Origin, Package, Workspace};

/// Which line each crate stands on.
const LINES: &[(&str, u8)] = &[
    ("gannet", 5),
    ("gannet-board", 4),
    ("gannet-project", 4),
    ("gannet-compile", 3),
    ("gannet-quantize", 3),
    ("gannet-train", 3),
    ("gannet-plot", 3),
    ("gannet-formats", 2),
    ("gannet-data", 2),
    ("gannet-link", 2),
    ("gannet-graph", 1),
    ("gannet-target", 1),
];

/// The automation stands outside of the lines: it may use any crate, and none may use it.
const OUTSIDE: &str = "xtask";

/// Fails with a sentence for each dependency that points up or sideways.
pub fn check(workspace: &Workspace) -> Outcome {
    let own: Vec<&Package> = workspace
        .packages
        .iter()
        .filter(|package| package.origin == Origin::Workspace)
        .collect();
    let mut faults = Vec::new();
    for user in &own {
        faults.extend(place(user));
        let shipped = user
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != Kind::Development);
        for Dependency { name, .. } in shipped {
            if own.iter().any(|used| used.name == *name) {
                faults.extend(fault(user, name));
            }
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

fn line(name: &str) -> Option<u8> {
    LINES
        .iter()
        .find(|(listed, _)| *listed == name)
        .map(|(_, line)| *line)
}

/// The sentence for a crate that the table does not know.
fn place(package: &Package) -> Option<String> {
    (package.name != OUTSIDE && line(&package.name).is_none()).then(|| {
        format!(
            "{} stands on no line: give it one in the table of xtask/src/layers.rs.",
            package.name
        )
    })
}

/// The sentence for a dependency that does not point down.
fn fault(user: &Package, used: &str) -> Option<String> {
    if user.name == OUTSIDE {
        return None;
    }
    if used == OUTSIDE {
        return Some(format!(
            "{} uses {OUTSIDE}, which no crate may use.",
            user.name
        ));
    }
    // A crate without a line has its own sentence.
    let (upper, lower) = (line(&user.name)?, line(used)?);
    (lower >= upper).then(|| {
        format!(
            "{} (line {upper}) uses {used} (line {lower}): a crate may use lower lines only.",
            user.name
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn package(name: &str, dependencies: &[(&str, Value)]) -> Value {
        let dependencies: Vec<Value> = dependencies
            .iter()
            .map(|(name, kind)| json!({ "name": name, "kind": kind }))
            .collect();
        json!({ "name": name, "version": "0.1.0", "license": "MIT", "source": null,
                "dependencies": dependencies })
    }

    fn check_packages(packages: &[Value]) -> Outcome {
        let metadata = json!({ "packages": packages, "target_directory": "/target" });
        check(&Workspace::parse(&metadata).unwrap())
    }

    #[test]
    fn a_crate_may_use_lower_lines() {
        let serde = json!({ "name": "serde", "version": "1.0.0", "license": "MIT",
                            "source": "registry", "dependencies": [] });
        check_packages(&[
            package(
                "gannet",
                &[("gannet-board", Value::Null), ("gannet-graph", Value::Null)],
            ),
            package(
                "gannet-board",
                &[("gannet-link", Value::Null), ("serde", Value::Null)],
            ),
            package("gannet-link", &[]),
            package("gannet-graph", &[]),
            package("xtask", &[("gannet-board", Value::Null)]),
            serde,
        ])
        .unwrap();
    }

    #[test]
    fn up_and_sideways_are_named() {
        let faults = check_packages(&[
            package("gannet-graph", &[("gannet-data", Value::Null)]),
            package("gannet-data", &[("gannet-link", json!("build"))]),
            package("gannet-link", &[]),
        ])
        .unwrap_err();
        assert_eq!(
            faults,
            "gannet-graph (line 1) uses gannet-data (line 2): a crate may use lower lines only.\n\
             gannet-data (line 2) uses gannet-link (line 2): a crate may use lower lines only."
        );
    }

    #[test]
    fn tests_may_use_any_crate() {
        check_packages(&[
            package("gannet-graph", &[("gannet-data", json!("dev"))]),
            package("gannet-data", &[]),
        ])
        .unwrap();
    }

    #[test]
    fn an_unlisted_crate_and_a_use_of_the_automation_are_faults() {
        let faults = check_packages(&[
            package("gannet-extra", &[]),
            package("gannet-data", &[("xtask", Value::Null)]),
            package("xtask", &[]),
        ])
        .unwrap_err();
        assert_eq!(
            faults,
            "gannet-extra stands on no line: give it one in the table of xtask/src/layers.rs.\n\
             gannet-data uses xtask, which no crate may use."
        );
    }
}
