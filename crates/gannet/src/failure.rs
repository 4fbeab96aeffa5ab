//! How a command ends that did not do what it was asked for.

use std::error::Error;
use std::process::ExitCode;

/// A sentence for a person and an exit code for a script.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
    /// The kind of failure by its short, stable name, where it has one.
    kind: Option<&'static str>,
}

impl Failure {
    /// The run failed.
    pub fn new(message: impl Into<String>) -> Self {
        Failure {
            message: message.into(),
            code: 1,
            kind: None,
        }
    }

    /// The arguments ask for something that does not exist.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure {
            message: message.into(),
            code: 2,
            kind: None,
        }
    }

    /// The run went through, but a limit was not met.
    pub fn limit(message: impl Into<String>) -> Self {
        Failure {
            message: message.into(),
            code: 3,
            kind: None,
        }
    }

    /// Somebody stopped the run.
    pub fn interrupted(message: impl Into<String>) -> Self {
        Failure {
            message: message.into(),
            code: 130,
            kind: None,
        }
    }

    /// The run failed, in a way that reports have a name for.
    pub fn named(kind: &'static str, message: impl Into<String>) -> Self {
        Failure {
            kind: Some(kind),
            ..Failure::new(message)
        }
    }

    /// The failure as it stands in reports, if they have a name for it.
    pub fn in_report(&self) -> Option<gannet_board::validate::Failure> {
        let message = self.message.clone();
        (self.kind).map(|kind| gannet_board::validate::Failure::new(kind, message))
    }

    /// Writes the sentence and gives the exit code.
    pub fn tell(self) -> ExitCode {
        // Where nobody can read it, the exit code still says it.
        use std::io::Write;
        let _ = writeln!(
            anstream::stderr(),
            "\x1b[1;31merror\x1b[0m: {}",
            self.message
        );
        ExitCode::from(self.code)
    }
}

/// Errors of the libraries are sentences already; what lies beneath them follows.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut beneath = error.source();
        while let Some(cause) = beneath {
            // Some errors repeat their cause in their own sentence.
            let cause_text = cause.to_string();
            if !message.contains(&cause_text) {
                message.push_str(": ");
                message.push_str(&cause_text);
            }
            beneath = cause.source();
        }
        Failure::new(message)
    }
}
