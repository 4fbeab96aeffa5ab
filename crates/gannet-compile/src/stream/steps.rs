//! The schedule: every row is made when it is first needed.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::{Plan, Reach, Rule, Task, TaskId, Work};
use crate::ir::{Affine, Counter, ProgramBuilder, Resume, Run, StageId, Step, Variable};

/// The variables and counters of a task that works row by row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    /// The row of its value.
    row: Loop,
    /// The row that pooling begins, and the row of sums.
    pooled: Option<[Loop; 2]>,
}

#[derive(Debug, Clone, Copy)]
struct Loop {
    variable: Variable,
    counter: Counter,
}

impl Rows {
    /// Those of `task`, under names that begin with `name`.
    pub(crate) fn new(builder: &mut ProgramBuilder, name: &str, rule: Rule) -> Rows {
        let mut of = |what: &str| Loop {
            variable: builder.row(&format!("{name}_{what}")),
            counter: builder.counter(&format!("{name}_{what}s")),
        };
        Rows {
            row: of("row"),
            pooled: match rule {
                Rule::Pooled { .. } => Some([of("begun_row"), of("sum_row")]),
                _ => None,
            },
        }
    }
}

/// What a task has a stage for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A pooled row begins.
    Begin,
    /// A row is computed.
    Compute,
    /// A pooled row takes up what it shares with the next ones.
    Join,
}

/// What stands for a task's stage until all stages are lowered.
pub(crate) fn stage_of(task: TaskId, phase: Phase) -> StageId {
    let phase = match phase {
        Phase::Begin => 0,
        Phase::Compute => 1,
        Phase::Join => 2,
    };
    StageId(3 * task as u32 + phase)
}

/// The task and phase that `stage` stands for.
pub(crate) fn work_of(stage: StageId) -> (TaskId, Phase) {
    let phase = match stage.index() % 3 {
        0 => Phase::Begin,
        1 => Phase::Compute,
        _ => Phase::Join,
    };
    (stage.index() / 3, phase)
}

/// The steps that make all of `task`'s value, and what rows of rings it needs.
///
/// Of several readers of a ring the first has its rows made: the one on the longest way. Only
/// those readers in `second` do so besides.
pub(super) fn steps(
    plan: &Plan,
    rows: &[Option<Rows>],
    second: &HashSet<(TaskId, TaskId)>,
    task: TaskId,
) -> Vec<Step> {
    let mut schedule = Schedule {
        plan,
        rows,
        second,
        begun: HashSet::new(),
    };
    schedule.all(task)
}

struct Schedule<'p> {
    plan: &'p Plan,
    rows: &'p [Option<Rows>],
    second: &'p HashSet<(TaskId, TaskId)>,
    /// Rings that a reader has made already.
    begun: HashSet<TaskId>,
}

impl Schedule<'_> {
    fn task(&self, task: TaskId) -> &Task {
        &self.plan.tasks[task]
    }

    fn rows(&self, task: TaskId) -> Rows {
        self.rows[task].expect("the task works row by row")
    }

    fn all(&mut self, task: TaskId) -> Vec<Step> {
        match self.task(task).shape[0] {
            // One row needs no loop.
            1 => self.row(task, 0_i64.into()),
            rows => vec![self.resume(task, vec![rows.into()])],
        }
    }

    /// Goes on with the rows of `task`.
    fn resume(&mut self, task: TaskId, to: Vec<Affine>) -> Step {
        let Loop { variable, counter } = self.rows(task).row;
        Step::Resume(Resume {
            counter,
            variable,
            to,
            body: self.row(task, variable.into()),
        })
    }

    /// Makes one row of `task`.
    fn row(&mut self, task: TaskId, row: Affine) -> Vec<Step> {
        match (self.task(task).rule, self.rows(task).pooled) {
            (Rule::Rows(reach), _) => self.compute(task, reach, row),
            (Rule::Pooled { reach, sums, pool }, Some([begun, sum])) => {
                let run = |phase, row| {
                    Step::Run(Run {
                        stage: stage_of(task, phase),
                        arguments: vec![row],
                    })
                };
                let last = Affine::from(self.task(task).shape[0]);
                let y = Affine::from(sum.variable);
                let mut steps = vec![
                    Step::Resume(Resume {
                        counter: begun.counter,
                        variable: begun.variable,
                        to: vec![row.clone() + Affine::from(pool.overlap()), last],
                        body: vec![run(Phase::Begin, begun.variable.into())],
                    }),
                    Step::Resume(Resume {
                        counter: sum.counter,
                        variable: sum.variable,
                        to: vec![pool.end(row.clone()), sums.into()],
                        body: self.compute(task, reach, y),
                    }),
                ];
                if pool.overlap() > 1 {
                    steps.push(run(Phase::Join, row));
                }
                steps
            }
            (rule, _) => unreachable!("{rule:?} does not work row by row"),
        }
    }

    /// Runs `task`'s stage when all rows that its row `y` covers are there.
    fn compute(&mut self, task: TaskId, reach: Reach, y: Affine) -> Vec<Step> {
        let mut sources = self.task(task).sources.clone();
        sources.sort_unstable_by_key(|&source| Reverse(source));
        sources.dedup();
        let mut steps = Vec::new();
        for source in sources {
            let first = self.plan.is_ring(source) && self.begun.insert(source);
            if first && self.task(source).work == Work::Input {
                steps.push(Step::Take);
                continue;
            }
            if first || self.second.contains(&(task, source)) {
                let rows = self.task(source).shape[0];
                steps.push(self.resume(source, vec![reach.end(y.clone()), rows.into()]));
            }
        }
        steps.push(Step::Run(Run {
            stage: stage_of(task, Phase::Compute),
            arguments: vec![y],
        }));
        steps
    }
}
