//! Runs a schedule on numbers alone: no stage is computed, only when it would run is told.

use std::collections::HashMap;

use super::{Affine, Counter, StageId, Step, Variable};

/// Counters and loop variables.
#[derive(Debug, Default)]
pub(crate) struct Simulator {
    counters: HashMap<Counter, i64>,
    variables: HashMap<Variable, i64>,
}

impl Simulator {
    /// Runs `steps`; `visit` is told each stage with its arguments.
    pub(crate) fn run(&mut self, steps: &[Step], visit: &mut dyn FnMut(StageId, &[i64])) {
        for step in steps {
            match step {
                Step::Run(run) => {
                    let arguments: Vec<i64> = run
                        .arguments
                        .iter()
                        .map(|value| self.value(value))
                        .collect();
                    visit(run.stage, &arguments);
                }
                Step::Resume(resume) => {
                    let to = resume.to.iter().map(|bound| self.value(bound)).min();
                    while self.count(resume.counter) < to.unwrap_or(0) {
                        let count = self.count(resume.counter);
                        self.variables.insert(resume.variable, count);
                        self.run(&resume.body, visit);
                        self.counters.insert(resume.counter, count + 1);
                    }
                }
                Step::Take => {}
            }
        }
    }

    fn count(&self, counter: Counter) -> i64 {
        self.counters.get(&counter).copied().unwrap_or(0)
    }

    fn value(&self, affine: &Affine) -> i64 {
        affine.evaluate(|variable| self.variables[&variable])
    }
}
