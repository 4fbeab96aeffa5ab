//! Builds a Program stage by stage and step by step: hands out variables, scalars and buffers
//! under names that do not clash, then derives lifetimes, plans the arena and has the result
//! proven.

use std::collections::HashSet;

use super::{
    Affine, Buffer, BufferId, Constant, Counter, Element, Parameter, Program, Run, Scalar,
    ScalarType, Slot, SlotId, Stage, StageId, Statement, Step, Storage, Variable,
};
use crate::{CompileError, memory};

/// A Program in the making.
#[derive(Debug)]
pub struct ProgramBuilder {
    program: Program,
    /// Names of arrays and stages, known in all of the generated code.
    names: HashSet<String>,
    /// Names of the stage in the making.
    locals: HashSet<String>,
}

impl ProgramBuilder {
    /// A Program for network `name`, whose image has `extents` of `element`s.
    pub fn new(name: &str, hash: [u8; 8], element: Element, extents: &[usize]) -> Self {
        Self::with_input(name, hash, element, (extents, None))
    }

    /// A Program for network `name`, whose image has so many `rows` of `extents` of `element`s and
    /// is given a row at a time.
    pub fn of_rows(
        name: &str,
        hash: [u8; 8],
        element: Element,
        (rows, extents): (usize, &[usize]),
    ) -> Self {
        Self::with_input(name, hash, element, (extents, Some(rows)))
    }

    fn with_input(
        name: &str,
        hash: [u8; 8],
        element: Element,
        (extents, input_rows): (&[usize], Option<usize>),
    ) -> Self {
        let program = Program {
            name: name.to_owned(),
            hash,
            variables: Vec::new(),
            scalars: Vec::new(),
            buffers: Vec::new(),
            slots: Vec::new(),
            stages: Vec::new(),
            counters: Vec::new(),
            schedule: Vec::new(),
            input: BufferId(0),
            input_rows,
            output: BufferId(0),
        };
        let mut builder = ProgramBuilder {
            program,
            names: HashSet::new(),
            locals: HashSet::new(),
        };
        builder.buffer("input", element, extents);
        builder
    }

    /// Where the image lies.
    pub fn input(&self) -> BufferId {
        self.program.input
    }

    /// A new loop variable of the next stage.
    pub fn variable(&mut self, name: &str) -> Variable {
        let name = self.local_name(name);
        self.program.variables.push(name);
        Variable(self.program.variables.len() as u32 - 1)
    }

    /// A new variable of the schedule.
    pub fn row(&mut self, name: &str) -> Variable {
        let name = self.global_name(&identifier(name));
        self.program.variables.push(name);
        Variable(self.program.variables.len() as u32 - 1)
    }

    /// A new counter of the schedule.
    pub fn counter(&mut self, name: &str) -> Counter {
        let name = self.global_name(&identifier(name));
        self.program.counters.push(name);
        Counter(self.program.counters.len() as u32 - 1)
    }

    /// A new scalar of the next stage.
    pub fn scalar(&mut self, name: &str, scalar_type: ScalarType) -> Scalar {
        let name = self.local_name(name);
        self.program.scalars.push((name, scalar_type));
        Scalar(self.program.scalars.len() as u32 - 1)
    }

    /// A new array in the arena.
    pub fn buffer(&mut self, name: &str, element: Element, extents: &[usize]) -> BufferId {
        let bytes = extents.iter().product::<usize>() * element.bytes();
        let slot = SlotId(self.program.slots.len() as u32);
        self.program.slots.push(Slot {
            offset: 0,
            bytes,
            first: usize::MAX,
            last: 0,
        });
        self.array(name, element, extents, Storage::Arena(slot))
    }

    /// A new constant array.
    pub fn constant(&mut self, name: &str, extents: &[usize], values: Constant) -> BufferId {
        self.array(name, values.element(), extents, Storage::Constant(values))
    }

    /// The elements of `buffer` under other extents.
    pub fn view(&mut self, buffer: BufferId, name: &str, extents: &[usize]) -> BufferId {
        let Buffer {
            element, storage, ..
        } = self.program.buffer(buffer).clone();
        self.array(name, element, extents, storage)
    }

    /// The bytes of `buffer` as elements of another type, of which it holds as many.
    pub fn view_as(
        &mut self,
        buffer: BufferId,
        name: &str,
        element: Element,
        extents: &[usize],
    ) -> BufferId {
        let storage = self.program.buffer(buffer).storage.clone();
        self.array(name, element, extents, storage)
    }

    /// What a buffer is.
    pub fn describe(&self, buffer: BufferId) -> &Buffer {
        self.program.buffer(buffer)
    }

    /// Adds a stage that computes `layers`, to be run by a step of its own.
    pub fn part(
        &mut self,
        layers: &[&str],
        parameters: Vec<Parameter>,
        body: Vec<Statement>,
    ) -> StageId {
        let stem = layers.first().copied().unwrap_or("stage");
        let name = self.global_name(&identifier(stem));
        self.locals.clear();
        let layers = layers.iter().map(|&layer| layer.to_owned()).collect();
        self.program.stages.push(Stage {
            name,
            layers,
            parameters,
            body,
        });
        StageId(self.program.stages.len() as u32 - 1)
    }

    /// Adds a step behind all others.
    pub fn step(&mut self, step: Step) {
        self.program.schedule.push(step);
    }

    /// Adds a stage that computes `layers`, and runs it behind all others.
    pub fn stage(&mut self, layers: &[&str], body: Vec<Statement>) {
        let stage = self.part(layers, Vec::new(), body);
        let arguments: Vec<Affine> = Vec::new();
        self.step(Step::Run(Run { stage, arguments }));
    }

    /// The proven Program that leaves its result in `output`.
    ///
    /// # Errors
    /// [`CompileError::NotFinite`] if a constant is NaN or infinite,
    /// [`CompileError::IndexRange`] or [`CompileError::Unsound`] if a stage is wrong.
    pub fn finish(mut self, output: BufferId) -> Result<Program, CompileError> {
        self.program.output = output;
        self.all_finite()?;
        let last = self.program.schedule.len().saturating_sub(1);
        self.use_in(self.program.input, 0);
        if self.program.input_rows.is_some() {
            // The last rows may come when no stage needs them.
            self.use_in(self.program.input, last);
        }
        self.use_in(output, last);
        for step in 0..self.program.schedule.len() {
            let mut stages = Vec::new();
            self.program.schedule[step].stages(&mut stages);
            for stage in stages {
                let used = self.program.stage(stage).buffers();
                used.into_iter()
                    .for_each(|buffer| self.use_in(buffer, step));
            }
        }
        // A buffer that no stage touches takes no room.
        for slot in self
            .program
            .slots
            .iter_mut()
            .filter(|slot| slot.first == usize::MAX)
        {
            *slot = Slot {
                offset: 0,
                bytes: 0,
                first: 0,
                last: 0,
            };
        }
        memory::place(&mut self.program.slots);
        self.program.proven()
    }

    /// Folding multiplies weights, which can leave what an `f32` holds.
    fn all_finite(&self) -> Result<(), CompileError> {
        for buffer in &self.program.buffers {
            if let Storage::Constant(Constant::F32(values)) = &buffer.storage
                && let Some(position) = values.iter().position(|value| !value.is_finite())
            {
                return Err(CompileError::NotFinite {
                    layer: buffer.name.clone(),
                    weight: "folded weights",
                    position,
                    value: values[position].to_string(),
                });
            }
        }
        Ok(())
    }

    fn use_in(&mut self, buffer: BufferId, step: usize) {
        if let Storage::Arena(slot) = self.program.buffer(buffer).storage {
            let slot = &mut self.program.slots[slot.index()];
            slot.first = slot.first.min(step);
            slot.last = slot.last.max(step);
        }
    }

    fn array(
        &mut self,
        name: &str,
        element: Element,
        extents: &[usize],
        storage: Storage,
    ) -> BufferId {
        let name = self.global_name(&identifier(name));
        self.program.buffers.push(Buffer {
            name,
            element,
            extents: extents.to_vec(),
            storage,
        });
        BufferId(self.program.buffers.len() as u32 - 1)
    }

    fn global_name(&mut self, name: &str) -> String {
        let name = free_name(name, |name| self.names.contains(name));
        self.names.insert(name.clone());
        name
    }

    fn local_name(&mut self, name: &str) -> String {
        let name = free_name(name, |name| {
            self.names.contains(name) || self.locals.contains(name)
        });
        self.locals.insert(name.clone());
        name
    }
}

/// `name`, or the first of `name_2`, `name_3`, … that is not taken.
fn free_name(name: &str, taken: impl Fn(&str) -> bool) -> String {
    std::iter::once(name.to_owned())
        .chain((2..).map(|i| format!("{name}_{i}")))
        .find(|name| !taken(name))
        .expect("there are more names than arrays")
}

/// `name` as an identifier of Rust and C: lower-case letters, digits and underscores, not
/// beginning with a digit.
fn identifier(name: &str) -> String {
    let mut identifier: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    if !identifier.starts_with(|c: char| c.is_ascii_alphabetic()) {
        identifier.insert_str(0, "layer_");
    }
    identifier
}
