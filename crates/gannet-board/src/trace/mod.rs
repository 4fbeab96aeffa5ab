//! What one call of a function costs on a core, counted in the emulator: an image goes in, the
//! instructions that it executed and the cycles that the core's manual gives them come out, for
//! each of its stages.
//!
//! QEMU executes an image block by block; a plugin of ours writes down which. Everything else is
//! done here, from the record and the image: calls and returns are followed, interrupts are left
//! out, every instruction is priced with the one before it.

mod account;
mod code;
mod plugin;
mod record;

pub use account::{Account, Traced, account};
pub use code::{Code, Function};
pub use record::{Block, Record, record};
