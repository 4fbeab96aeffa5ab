//! The printers: source text from a Program, one file a language.

pub mod rust;
mod writer;

/// One file of generated source.
pub type SourceFile = (String, String);
