//! The compiler: a network in, loops over static arrays out, then source text.
//!
//! [`compile`] fuses layers and lowers them to a [`Program`](ir::Program), the Loop IR, which
//! is proven to stay inside its arrays. From one Program follow the [`Interpreter`], which is
//! the oracle on the host, [`rust::generate`], a `no_std` crate, and [`c::generate`], C99. All
//! compute the same bits, because all emit the same operations in the same order.

pub mod analysis;
mod compile;
pub mod cost;
mod difference;
mod error;
mod fuse;
mod interpret;
pub mod ir;
mod lower;
mod memory;
mod print;
mod scale;
mod stream;
mod supported;

pub use compile::{
    Feed, InputFormat, Optimize, Options, Sharing, Zeros, compile, compile_quantized,
};
pub use difference::{Difference, Values, difference};
pub use error::CompileError;
pub use interpret::{Interpreter, floats};
pub use print::{SourceFile, c, rust};
