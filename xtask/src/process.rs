//! Running other programs: in the open, or silently until they fail.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Outcome;

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in a folder")
}

/// The Cargo that runs us, started in the repository's root.
pub fn cargo(arguments: &[&str]) -> Command {
    program(
        std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        arguments,
    )
}

/// A program, started in the repository's root.
pub fn program(name: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// Runs a program whose output the user sees as it comes.
pub fn run(mut command: Command) -> Outcome {
    let status = command
        .status()
        .map_err(|error| not_started(&command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(failed(&command, status))
    }
}

/// Runs a program whose output the user sees only when it fails.
pub fn run_silently(mut command: Command) -> Outcome {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| not_started(&command, &error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{}{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        failed(&command, output.status)
    ))
}

/// Runs a program for what it writes on its standard output.
pub fn output_of(mut command: Command) -> Result<Vec<u8>, String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| not_started(&command, &error))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(failed(&command, output.status))
    }
}

/// The sentence for a program that could not be started.
pub fn not_started(command: &Command, error: &std::io::Error) -> String {
    format!("`{}` could not be started: {error}.", shown(command))
}

/// The sentence for a program that ended badly.
pub fn failed(command: &Command, status: std::process::ExitStatus) -> String {
    format!("`{}` failed ({status}).", shown(command))
}

/// The command as one would type it: the program by its name alone.
fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_carries_the_output_and_names_the_command() {
        let failure = run_silently(program(
            "/bin/sh",
            &["-c", "echo out; echo err >&2; exit 3"],
        ))
        .unwrap_err();
        assert!(failure.starts_with("out\nerr\n`sh -c "), "{failure}");
        assert!(failure.ends_with("failed (exit status: 3)."), "{failure}");
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let failure = run(program("no-such-program", &["--now"])).unwrap_err();
        assert!(
            failure.starts_with("`no-such-program --now` could not be started"),
            "{failure}"
        );
    }
}
