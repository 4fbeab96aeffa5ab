//! `cargo test` in the open, with one total over its suites: it prints one result for each test
//! binary and each crate's doc tests.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::process;

/// How many tests of all suites passed and failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub passed: usize,
    pub failed: usize,
}

/// Runs `cargo test`, shows its lines as they come, and prints the duration and, last, the total;
/// fails as Cargo does.
pub fn run(mut command: Command) -> crate::Outcome {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| process::not_started(&command, &error))?;
    let mut total = Total::default();
    let output = child.stdout.take().expect("the output was asked for");
    for line in BufReader::new(output).split(b'\n') {
        let line = line.map_err(|error| format!("The tests' output broke off: {error}."))?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        total.add(&line);
    }
    let status = child
        .wait()
        .map_err(|error| process::not_started(&command, &error))?;
    println!("tests ... {:.1} s", start.elapsed().as_secs_f32());
    println!("{} passed, {} failed", total.passed, total.failed);
    if status.success() {
        Ok(())
    } else {
        Err(process::failed(&command, status))
    }
}

impl Total {
    /// Adds a suite's line, `test result: ok. 3 passed; 0 failed; ...`, and skips all others.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        let Some((_, counts)) = result.split_once(". ") else {
            return;
        };
        for count in counts.split("; ") {
            match count.split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_add_up_and_other_lines_do_not() {
        let mut total = Total::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.01s",
            "test says 9 passed; 9 failed ... ok",
            "test result: FAILED. 4 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        ] {
            total.add(line);
        }
        assert_eq!(
            total,
            Total {
                passed: 7,
                failed: 2
            }
        );
    }
}
