//! The Loop IR: one network as loops over static arrays.

mod affine;
mod build;
mod dot;
mod expression;
mod merge;
mod program;
mod proof;
mod schedule;
mod simulate;
mod statement;
mod stored;

pub use affine::{Affine, Variable};
pub use build::ProgramBuilder;
pub(crate) use dot::own_channels;
pub use dot::{Dot, Reads, WORD, order};
pub use expression::{Binary, Expression, Scalar, ScalarType, Unary};
pub(crate) use merge::behind;
pub use merge::{Merge, Others};
pub use program::{
    Buffer, BufferId, Constant, Element, Parameter, Program, Slot, SlotId, Stage, Storage,
};
pub use schedule::{Counter, Resume, Run, StageId, Step};
pub(crate) use simulate::Simulator;
pub use statement::{Accumulate, Derivation, Derive, Loop, Statement};
pub(crate) use statement::{buffers_of, visit_all};
pub use stored::{Shared, Stored};
