//! The printers: source text from a Program, one folder or file a language.

mod accumulate;
pub mod c;
pub(crate) mod dot;
mod dot_assembly;
mod dot_cycles;
mod dsp;
mod maker;
pub mod rust;
mod self_test;
mod writer;

/// One file of generated source.
pub type SourceFile = (String, String);
