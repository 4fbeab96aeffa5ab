//! Row streaming: which rows of which value exist when.
//!
//! Groups of layers become [`Task`]s; layers that work row by row say which rows of their
//! sources each of their rows needs. From the last such layer backwards, every row is made when
//! it is first needed ([`steps`]), so a value that only such layers read needs no more room than
//! a ring of the rows that are still to be read. How deep each ring must be is found by running
//! the schedule, which has no conditions, once on row numbers alone
//! ([`Simulator`](crate::ir::Simulator)); what is kept whole and what as a ring is decided by the
//! room that the whole plan needs ([`Plan`]).

mod plan;
mod reach;
mod steps;
mod task;

pub(crate) use plan::Plan;
pub(crate) use reach::Reach;
pub(crate) use steps::{Phase, work_of};
pub(crate) use task::{Rule, Task, TaskId, Work};
