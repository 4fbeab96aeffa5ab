//! The licence check: everything that the workspace draws in must be usable under MIT OR
//! Apache-2.0.
//!
//! In come the SPDX licence expressions of all crates, those of tests and of other platforms too:
//! `OR` needs one allowed side, `AND` needs both, and an exception (`WITH`) only adds to what its
//! licence grants. `/` is how old crates write `OR`.

use crate::Outcome;
use crate::workspace::{Package, Workspace};

/// Licences that ask for no more than a notice, or (MPL-2.0) for the changes of a file.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Licences allowed for one crate alone: MNIST's pictures are their authors' work.
const ALLOWED_FOR: &[(&str, &str)] = &[("gannet-data", "CC-BY-SA-3.0")];

/// Fails with a sentence for each crate whose licence is missing, unreadable or not allowed.
pub fn check(workspace: &Workspace) -> Outcome {
    let faults: Vec<String> = workspace.packages.iter().filter_map(fault).collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

fn fault(package: &Package) -> Option<String> {
    let Package { name, version, .. } = package;
    let Some(expression) = &package.licence else {
        return Some(format!("{name} {version} names no licence."));
    };
    match is_allowed(name, expression) {
        Some(true) => None,
        Some(false) => Some(format!(
            "{name} {version} is under `{expression}`, which the list of xtask/src/licences.rs \
             does not allow."
        )),
        None => Some(format!(
            "{name} {version} has an unreadable licence: `{expression}`."
        )),
    }
}

/// Whether a crate may be used under its licence expression; `None` when it is not one.
fn is_allowed(name: &str, expression: &str) -> Option<bool> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut parser = Parser {
        name,
        words: spaced.split_whitespace().peekable(),
    };
    let allowed = parser.either()?;
    parser.words.next().is_none().then_some(allowed)
}

/// Recursive descent over `either := both {OR both}`, `both := one {AND one}`,
/// `one := "(" either ")" | licence [WITH exception]`.
struct Parser<'a, Words: Iterator<Item = &'a str>> {
    name: &'a str,
    words: std::iter::Peekable<Words>,
}

impl<'a, Words: Iterator<Item = &'a str>> Parser<'a, Words> {
    fn either(&mut self) -> Option<bool> {
        let mut allowed = self.both()?;
        while self.words.next_if_eq(&"OR").is_some() {
            allowed |= self.both()?;
        }
        Some(allowed)
    }

    fn both(&mut self) -> Option<bool> {
        let mut allowed = self.one()?;
        while self.words.next_if_eq(&"AND").is_some() {
            allowed &= self.one()?;
        }
        Some(allowed)
    }

    fn one(&mut self) -> Option<bool> {
        match self.words.next()? {
            "(" => {
                let allowed = self.either()?;
                (self.words.next()? == ")").then_some(allowed)
            }
            ")" | "OR" | "AND" | "WITH" => None,
            licence => {
                if self.words.next_if_eq(&"WITH").is_some() {
                    self.words.next()?;
                }
                Some(ALLOWED.contains(&licence) || ALLOWED_FOR.contains(&(self.name, licence)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_allowed_side_of_or_is_enough() {
        assert_eq!(is_allowed("x", "MIT OR GPL-3.0-only"), Some(true));
        assert_eq!(
            is_allowed("x", "LGPL-2.1-or-later OR GPL-3.0-only"),
            Some(false)
        );
        assert_eq!(is_allowed("x", "GPL-2.0/MIT"), Some(true));
    }

    #[test]
    fn both_sides_of_and_are_needed() {
        assert_eq!(is_allowed("x", "MIT AND Unicode-3.0"), Some(true));
        assert_eq!(is_allowed("x", "MIT AND AGPL-3.0-only"), Some(false));
    }

    #[test]
    fn and_binds_tighter_than_or() {
        // MIT OR (GPL AND GPL) is allowed; (MIT OR GPL) AND GPL is not.
        assert_eq!(
            is_allowed("x", "MIT OR GPL-3.0-only AND GPL-2.0-only"),
            Some(true)
        );
        assert_eq!(
            is_allowed("x", "(MIT OR GPL-3.0-only) AND GPL-2.0-only"),
            Some(false)
        );
    }

    #[test]
    fn an_exception_does_not_take_away() {
        assert_eq!(
            is_allowed("x", "Apache-2.0 WITH LLVM-exception"),
            Some(true)
        );
        assert_eq!(
            is_allowed("x", "GPL-2.0 WITH Classpath-exception-2.0"),
            Some(false)
        );
    }

    #[test]
    fn the_pictures_licence_is_for_the_data_crate_alone() {
        let expression = "(MIT OR Apache-2.0) AND CC-BY-SA-3.0";
        assert_eq!(is_allowed("gannet-data", expression), Some(true));
        assert_eq!(is_allowed("gannet-graph", expression), Some(false));
    }

    #[test]
    fn what_is_no_expression_is_unreadable() {
        for expression in [
            "",
            "MIT OR",
            "OR MIT",
            "(MIT",
            "MIT)",
            "MIT Apache-2.0",
            "MIT WITH",
        ] {
            assert_eq!(is_allowed("x", expression), None, "{expression}");
        }
    }

    #[test]
    fn each_fault_is_one_sentence() {
        let package = |name, licence| {
            json!({ "name": name, "version": "1.2.3", "license": licence, "source": "registry",
                    "dependencies": [] })
        };
        let metadata = json!({ "target_directory": "/target", "packages": [
            package("good", json!("MIT")),
            package("strict", json!("GPL-3.0-only")),
            package("silent", json!(null)),
        ]});
        assert_eq!(
            check(&Workspace::parse(&metadata).unwrap()).unwrap_err(),
            "strict 1.2.3 is under `GPL-3.0-only`, which the list of xtask/src/licences.rs does \
             not allow.\nsilent 1.2.3 names no licence."
        );
    }
}
