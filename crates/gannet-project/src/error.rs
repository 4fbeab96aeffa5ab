//! Why there is no project.

use std::path::PathBuf;

use crate::fault::Faults;

/// Why a project cannot be had of a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file says what cannot be.
    #[error("{0}")]
    Faulty(Faults),
    /// No template has that name.
    #[error("there is no template '{name}'; there are: {known}")]
    UnknownTemplate {
        /// The name asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// A name that cannot be a file's.
    #[error("'{name}' cannot be a project's name: {}", crate::project::NAME_RULE)]
    Name {
        /// The name.
        name: String,
    },
}
