//! Where every value lives: whole or as a ring, with what border, in whose place.

use std::collections::HashSet;

use gannet_graph::{Graph, Layer};

use super::steps::{self, Phase, Rows};
use super::task::tasks;
use super::{Reach, Rule, Task, TaskId, Work};
use crate::fuse::Group;
use crate::ir::{Element, ProgramBuilder, Simulator, Slot, Step};
use crate::lower::Way;
use crate::{Feed, memory};

/// Tasks, and where their values live.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) tasks: Vec<Task>,
    rows: Vec<Option<Rows>>,
    /// The home of each task's value.
    pub(crate) home_of: Vec<usize>,
    pub(crate) homes: Vec<Home>,
    /// Readers that have rows made although another reader does so too.
    second: HashSet<(TaskId, TaskId)>,
}

/// Room for one value, or for several that follow one another in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Home {
    /// `[rows, columns, channels]`.
    pub(crate) shape: [usize; 3],
    pub(crate) element: Element,
    /// Columns of zeros left and right.
    pub(crate) border: [usize; 2],
    /// How many rows there are room for, where not for all.
    pub(crate) ring: Option<usize>,
    /// Somebody needs all of it without gaps.
    solid: bool,
}

impl Home {
    /// Pixels from one row to the next: the right border of a row is the left border of the
    /// next.
    pub(crate) fn stride(&self) -> usize {
        self.shape[1] + self.border[0].max(self.border[1])
    }

    /// Pixels in all.
    pub(crate) fn pixels(&self) -> usize {
        let [rows, columns, _] = self.shape;
        let [left, right] = self.border;
        (self.ring.unwrap_or(rows) - 1) * self.stride() + left + columns + right
    }

    fn bytes(&self) -> usize {
        self.pixels() * self.shape[2] * self.element.bytes()
    }
}

/// A row that a stage reads or writes.
struct Access {
    /// Which of the plan's units does so.
    unit: usize,
    home: usize,
    row: i64,
    writes: bool,
}

impl Plan {
    /// The plan for `groups` that needs little room.
    pub(crate) fn new(
        graph: &Graph,
        groups: Vec<Group>,
        way: Way,
        values: Element,
        builder: &mut ProgramBuilder,
    ) -> Plan {
        let element = builder.describe(builder.input()).element;
        let mut plan = Plan {
            tasks: tasks(graph, groups, way, values),
            rows: Vec::new(),
            home_of: Vec::new(),
            homes: Vec::new(),
            second: HashSet::new(),
        };
        plan.settle(graph, [element, values]);
        if way.feed == Feed::Rows {
            plan.homes[0].ring = Some(1);
            plan.homes[0].solid = false;
        }
        plan.borders();
        plan.rows = (plan.tasks.iter())
            .map(|task| match task.rule {
                Rule::Rows(_) | Rule::Pooled { .. } => {
                    Some(Rows::new(builder, &task.name(graph), task.rule))
                }
                Rule::Whole | Rule::View => None,
            })
            .collect();
        plan.shrink();
        plan
    }

    /// Whether only some rows of `task`'s value exist at a time.
    pub(crate) fn is_ring(&self, task: TaskId) -> bool {
        self.home(task).ring.is_some()
    }

    /// Where `task`'s value lives.
    pub(crate) fn home(&self, task: TaskId) -> &Home {
        &self.homes[self.home_of[task]]
    }

    /// The steps that make all of `task`'s value, and what rows of rings it needs.
    pub(crate) fn steps(&self, task: TaskId) -> Vec<Step> {
        steps::steps(self, &self.rows, &self.second, task)
    }

    /// Finds every value its home.
    fn settle(&mut self, graph: &Graph, [input, values]: [Element; 2]) {
        for task in 0..self.tasks.len() {
            let home = match self.tasks[task].rule {
                Rule::View => self.home_of[self.tasks[task].sources[0]],
                Rule::Rows(Reach::SAME) if self.in_place(graph, task) => {
                    self.home_of[self.tasks[task].sources[0]]
                }
                Rule::Whole | Rule::Rows(_) | Rule::Pooled { .. } => {
                    self.homes.push(Home {
                        shape: self.tasks[task].shape,
                        element: match self.tasks[task].work {
                            _ if self.tasks[task].is_wide => Element::I16,
                            Work::Input | Work::Keep => input,
                            Work::Scale(_) | Work::Border | Work::Group(_) => values,
                        },
                        border: [0, 0],
                        ring: None,
                        solid: false,
                    });
                    self.homes.len() - 1
                }
            };
            self.home_of.push(home);
        }
        for task in 0..self.tasks.len() {
            let whole = matches!(self.tasks[task].rule, Rule::Whole | Rule::View);
            if whole || task == self.tasks.len() - 1 {
                self.homes[self.home_of[task]].solid = true;
            }
            if whole {
                for source in &self.tasks[task].sources {
                    self.homes[self.home_of[*source]].solid = true;
                }
            }
        }
        for home in self.homes.iter_mut().filter(|home| !home.solid) {
            home.ring = Some(home.shape[0]);
        }
    }

    /// Whether `task` may overwrite its first source.
    fn in_place(&self, graph: &Graph, task: TaskId) -> bool {
        let Task { work, sources, .. } = &self.tasks[task];
        let elementwise = match work {
            Work::Group(group) => matches!(
                graph.node(group.first()).layer(),
                Layer::Activation(_)
                    | Layer::BatchNormalization(_)
                    | Layer::Rescaling(_)
                    | Layer::Add(_)
                    | Layer::Subtract(_)
                    | Layer::Multiply(_)
                    | Layer::Maximum(_)
                    | Layer::Minimum(_)
            ),
            _ => false,
        };
        // A view reads through to what it is a view of.
        let mut source = sources[0];
        while elementwise && self.readers(source).count() == 1 {
            match self.tasks[source].rule {
                Rule::View => source = self.tasks[source].sources[0],
                _ => return self.homes[self.home_of[source]].element == Element::F32,
            }
        }
        false
    }

    fn readers(&self, task: TaskId) -> impl Iterator<Item = TaskId> {
        let readers = self.tasks.iter().enumerate();
        readers.flat_map(move |(reader, other)| {
            let reads = other.sources.iter().filter(move |&&source| source == task);
            reads.map(move |_| reader)
        })
    }

    /// Gives homes the borders that their readers want; whoever wants one around a value that
    /// must have none reads a copy.
    fn borders(&mut self) {
        for task in 0..self.tasks.len() {
            let border = self.tasks[task].border;
            if border == [0, 0] {
                continue;
            }
            let source = self.tasks[task].sources[0];
            let is_copy = |reader: &TaskId| self.tasks[*reader].work == Work::Border;
            let copy = self.readers(source).find(is_copy);
            let source = match copy {
                Some(copy) => copy,
                None if self.home(source).solid => self.bordered_copy(source),
                None => source,
            };
            self.tasks[task].sources[0] = source;
            let wanted = &mut self.homes[self.home_of[source]].border;
            *wanted = [0, 1].map(|side| wanted[side].max(border[side]));
        }
    }

    fn bordered_copy(&mut self, source: TaskId) -> TaskId {
        let shape = self.tasks[source].shape;
        self.tasks.push(Task {
            work: Work::Border,
            sources: vec![source],
            shape,
            rule: Rule::Rows(Reach::SAME),
            border: [0, 0],
            blocking: None,
            is_wide: false,
        });
        self.homes.push(Home {
            shape,
            element: self.home(source).element,
            border: [0, 0],
            ring: Some(shape[0]),
            solid: false,
        });
        self.home_of.push(self.homes.len() - 1);
        self.tasks.len() - 1
    }

    /// What is computed by itself, in order: whatever does not come as rows of a ring.
    pub(crate) fn units(&self) -> impl Iterator<Item = TaskId> {
        (1..self.tasks.len())
            .filter(|&task| self.tasks[task].rule != Rule::View && !self.is_ring(task))
    }

    /// Makes each ring as small as it can be, then keeps values whole where the whole plan gets
    /// smaller by it.
    fn shrink(&mut self) {
        let mut least = self.measure();
        // Whether the image is given whole is the caller's choice.
        for home in 1..self.homes.len() {
            // A copy stands behind its readers in the list: it comes when they ask for its rows.
            let mut of_home = (self.tasks.iter().zip(&self.home_of)).filter(|(_, of)| **of == home);
            if of_home.any(|(task, _)| task.work == Work::Border) {
                continue;
            }
            let was = self.homes.clone();
            if self.homes[home].ring.take().is_none() {
                continue;
            }
            let bytes = self.measure();
            if bytes < least {
                least = bytes;
            } else {
                self.homes = was;
            }
        }
        self.measure();
    }

    /// Sets the depth of each ring and tells how large the arena will be.
    fn measure(&mut self) -> usize {
        let accesses = loop {
            match self.accesses() {
                Ok(accesses) => break accesses,
                // One of the readers must have rows made that no other needs as early.
                Err(second) => {
                    let is_new = self.second.insert(second);
                    assert!(is_new, "a ring's rows are made for each of its readers");
                }
            };
        };
        for home in 0..self.homes.len() {
            let of_home = || accesses.iter().filter(move |access| access.home == home);
            if self.homes[home].ring.is_some() {
                self.homes[home].ring = Some(depth(of_home()));
            }
        }
        let mut slots: Vec<Slot> = (self.homes.iter().enumerate())
            .map(|(home, kept)| {
                let units = || {
                    let of_home = accesses.iter().filter(move |access| access.home == home);
                    of_home.map(|access| access.unit)
                };
                let [first, last] = match (home, kept.ring) {
                    // Rows come from the beginning to the end.
                    (0, Some(_)) => [Some(0), Some(self.units().count())],
                    // The image is there from the beginning.
                    (0, None) => [Some(0), units().max()],
                    _ => [units().min(), units().max()],
                };
                Slot {
                    offset: 0,
                    bytes: kept.bytes(),
                    first: first.unwrap_or(0),
                    last: last.unwrap_or(0),
                }
            })
            .collect();
        memory::place(&mut slots);
        memory::end(&slots)
    }

    /// Every row that is read or written, in order; or a reader and its source of which a row
    /// is read before it is made.
    fn accesses(&self) -> Result<Vec<Access>, (TaskId, TaskId)> {
        let mut accesses = Vec::new();
        let mut missing = None;
        let mut made: Vec<i64> = vec![0; self.tasks.len()];
        // The caller gives each row of the image in time.
        made[0] = self.tasks[0].shape[0] as i64;
        let mut simulator = Simulator::default();
        for (unit, task) in self.units().enumerate() {
            let mut access = |task: TaskId, row: i64, writes| {
                accesses.push(Access {
                    unit,
                    home: self.home_of[task],
                    row,
                    writes,
                });
            };
            if self.tasks[task].rule == Rule::Whole {
                for &source in &self.tasks[task].sources {
                    (0..self.home(source).shape[0])
                        .for_each(|row| access(source, row as i64, false));
                }
                access(task, 0, true);
                continue;
            }
            simulator.run(&self.steps(task), &mut |stage, arguments| {
                let (task, phase) = steps::work_of(stage);
                let last = self.tasks[task].shape[0] as i64;
                let (reach, row) = match (self.tasks[task].rule, phase) {
                    (_, Phase::Begin) => return access(task, arguments[0], true),
                    (Rule::Pooled { pool, .. }, Phase::Join) => {
                        let row = arguments[0];
                        let behind = row + 1..last.min(row + pool.overlap() as i64);
                        behind.for_each(|other| access(task, other, false));
                        return access(task, row, true);
                    }
                    (Rule::Pooled { reach, sums, pool }, _) => {
                        let y = arguments[0];
                        access(
                            task,
                            pool.begun(last as usize).of(y + pool.pad as i64),
                            true,
                        );
                        // The last rows may need no sums of their own.
                        let ended =
                            |p: &i64| pool.end((*p).into()).constant().min(sums as i64) <= y + 1;
                        made[task] = (0..last).take_while(ended).count() as i64;
                        (reach, y)
                    }
                    (Rule::Rows(reach), _) => {
                        access(task, arguments[0], true);
                        made[task] = arguments[0] + 1;
                        (reach, arguments[0])
                    }
                    (rule, _) => unreachable!("{rule:?} has no row"),
                };
                for &source in &self.tasks[task].sources {
                    let rows = self.tasks[source].shape[0] as i64;
                    let [begin, end] = [reach.begin(row.into()), reach.end(row.into())];
                    let covered = begin.constant().max(0)..end.constant().min(rows);
                    if self.is_ring(source) && made[source] < covered.end {
                        missing = missing.or(Some((task, source)));
                    }
                    covered.for_each(|row| access(source, row, false));
                }
            });
        }
        match missing {
            None => Ok(accesses),
            Some(reader_and_source) => Err(reader_and_source),
        }
    }
}

/// How many rows a ring needs: from each row that is written back to the first that is still to
/// be read.
fn depth<'a>(accesses: impl Iterator<Item = &'a Access>) -> usize {
    let accesses: Vec<&Access> = accesses.collect();
    let rows = accesses
        .iter()
        .map(|access| access.row + 1)
        .max()
        .unwrap_or(1) as usize;
    let mut last = vec![0; rows];
    for (time, access) in accesses.iter().enumerate() {
        last[access.row as usize] = time;
    }
    let needed = |(time, access): (usize, &&Access)| {
        let row = access.row as usize;
        let oldest = (0..row).find(|&row| last[row] > time).unwrap_or(row);
        row - oldest + 1
    };
    let writes = accesses
        .iter()
        .enumerate()
        .filter(|(_, access)| access.writes);
    writes.map(needed).max().unwrap_or(1)
}
