//! The cores that Gannet compiles for: which instructions they have and what each costs.
//!
//! ```
//! use gannet_target::{Core, thumb};
//!
//! // vmul.f32 s0, s1, s2 and vadd.f32 s3, s3, s0, which waits for the product.
//! let multiply = thumb::decode(&[0x20, 0xee, 0x81, 0x0a]).unwrap();
//! let add = thumb::decode(&[0x71, 0xee, 0x80, 0x1a]).unwrap();
//! let timing = Core::CortexM4F.timing();
//! assert_eq!(timing.cycles(None, &multiply, false), 1);
//! assert_eq!(timing.cycles(Some(&multiply), &add, false), 2);
//! ```

mod core;
mod instruction;
mod registers;
pub mod thumb;
mod timing;

pub use crate::core::Core;
pub use instruction::{Instruction, Kind};
pub use registers::Registers;
pub use timing::{Timing, float};
