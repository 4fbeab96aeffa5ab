//! In which order the stages run: once, or row by row in loops that go on where they stopped.
//!
//! A stage that works row by row is run for one row at a time, as soon as somebody needs the
//! row. Whoever needs rows *resumes* the loop that makes them: it starts where it last stopped
//! and ends before the first row that nobody needs yet. So every row is made once, whoever
//! asks first, and a ring of a few rows is all that is kept.
//!
//! Where the input comes a row at a time, an inference stops before the row that is not there
//! yet. To go on, the schedule is simply run again: loops go on where their counters stand, and in
//! a loop that stops so, nothing stands before the step that waits. What has to be remembered
//! besides is which steps of the schedule are done, as those outside loops are not run twice.

use super::{Affine, Variable};

/// A stage of one Program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageId(pub(crate) u32);

impl StageId {
    /// Its place in [`Program::stages`](super::Program::stages).
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How often a resumable loop has run; 0 when an inference begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter(pub(super) u32);

impl Counter {
    /// Its place in the Program's list of counters.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One step of an inference.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Runs a stage.
    Run(Run),
    /// Goes on with a loop.
    Resume(Resume),
    /// Takes the next row of the input, or stops until it is there.
    Take,
}

/// A stage, run once.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Which.
    pub stage: StageId,
    /// The values of its parameters.
    pub arguments: Vec<Affine>,
}

/// A loop that `counter` remembers: `variable` runs from the counter's present value to below
/// the smallest of `to`, and the counter with it. If that is not above the counter, nothing is
/// done.
#[derive(Debug, Clone, PartialEq)]
pub struct Resume {
    /// Where the loop goes on. It is the same for every loop over the same rows.
    pub counter: Counter,
    /// What runs.
    pub variable: Variable,
    /// Upper bounds, exclusive; all hold.
    pub to: Vec<Affine>,
    /// What is done at each value.
    pub body: Vec<Step>,
}

impl Step {
    /// Adds the counter of every loop to `counters`.
    pub(super) fn counters(&self, counters: &mut Vec<Counter>) {
        if let Step::Resume(resume) = self {
            counters.push(resume.counter);
            resume.body.iter().for_each(|step| step.counters(counters));
        }
    }

    /// Whether the step takes a row of the input, and so may stop.
    pub fn waits(&self) -> bool {
        match self {
            Step::Run(_) => false,
            Step::Resume(resume) => resume.body.iter().any(Step::waits),
            Step::Take => true,
        }
    }

    /// Adds every stage that the step runs to `stages`.
    pub fn stages(&self, stages: &mut Vec<StageId>) {
        match self {
            Step::Run(run) => stages.push(run.stage),
            Step::Resume(resume) => resume.body.iter().for_each(|step| step.stages(stages)),
            Step::Take => {}
        }
    }
}
