//! TFLite files: what LiteRT runs, of real numbers and of integers.
//!
//! Read: float32 (constants of float16 too), int8 with one scale or one for each channel,
//! int16 activations with int8 weights, int4 and int2 weights. Written: float32 and int8, with
//! weights of int8, int4 or int2.
//!
//! The bindings in `schema_generated.rs` are made from `schema.fbs`, which says how.

mod call;
mod operators;
mod order;
mod read;
#[allow(
    clippy::all,
    dead_code,
    deprecated,
    missing_docs,
    unused_imports,
    clippy::undocumented_unsafe_blocks,
    reason = "generated"
)]
#[path = "schema_generated.rs"]
mod schema;
mod source;
mod write;
mod writer;

pub(crate) use operators::NOTES;
pub use operators::supported;
pub use read::from_tflite;
pub(crate) use source::IDENTIFIER as SIGNATURE;
pub use write::to_tflite;
