//! What one inference costs, without running it: the operations of the Program, counted, times
//! what each takes on a core.
//!
//! A Program goes in; [`Operations`] come out for each stage, and cycles with a core's timing
//! table. A trace of the real image in the emulator is held beside it (`gannet bench`): what the
//! compiler does with registers and pointers is known here only on average.

mod count;
mod operations;

pub use count::count;
pub use operations::Operations;

use gannet_target::Core;

use crate::ir::Program;

/// Who makes instructions of the operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compiler {
    /// rustc, of the Program in Rust: products of floats are assembly there.
    Rustc,
    /// GCC, of the Program in C.
    Gcc,
}

/// Cycles of each stage over one inference on `core`, in the order of [`Program::stages`]; `None`
/// for cores without floating point, where the time is spent in the compiler's own routines.
pub fn estimated_cycles(program: &Program, core: Core, compiler: Compiler) -> Option<Vec<u64>> {
    let cycles = |operations: Operations| operations.cycles(core.timing(), compiler);
    core.has_float()
        .then(|| count(program).into_iter().map(cycles).collect())
}
