//! Gannet's project file: data, network, recipe and board in one `gannet.toml`.
//!
//! In go the file's text and [`Setting`]s on top of it; out comes a [`Project`], or every
//! fault that was found, each with its place and a hint. [`network_text`] goes the other way:
//! a [`Graph`](gannet_graph::Graph) as the `[network]` part of a file.

mod error;
mod fault;
mod network;
mod options;
mod project;
mod recipe;
mod source;
mod templates;

pub use error::ProjectError;
pub use fault::{Faults, Place};
pub use network::network_text;
pub use project::{Data, Project, Validation};
pub use source::Setting;
pub use templates::{TEMPLATES, Template};
