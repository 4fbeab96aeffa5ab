//! The Program: buffers, where they lie, and the stages that compute one inference.
//!
//! A Program exists only if its proof went through (see `proof`): every index lies inside
//! its array, every scalar is declared before use and every operation is well typed.

use std::collections::BTreeSet;

use super::statement::{buffers_of, stores_of};
use super::{
    Affine, Counter, Expression, ScalarType, Simulator, StageId, Statement, Step, Variable, proof,
};
use crate::{CompileError, memory};

/// A buffer of one Program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BufferId(pub(super) u32);

impl BufferId {
    /// Its place in [`Program::buffers`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A stretch of the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub(super) u32);

impl SlotId {
    /// Its place in [`Program::slots`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The type of a buffer's elements in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Element {
    /// IEEE 754 single precision.
    F32,
    /// 0 to 255.
    U8,
    /// −128 to 127.
    I8,
    /// 16 bits, two's complement.
    I16,
    /// 32 bits, two's complement.
    I32,
}

impl Element {
    /// Its size.
    pub fn bytes(self) -> usize {
        match self {
            Element::F32 | Element::I32 => 4,
            Element::I16 => 2,
            Element::U8 | Element::I8 => 1,
        }
    }

    /// The scalar that a load gives.
    pub fn scalar_type(self) -> ScalarType {
        match self {
            Element::F32 => ScalarType::F32,
            Element::U8 | Element::I8 | Element::I16 | Element::I32 => ScalarType::I32,
        }
    }
}

/// Data that never changes: weights and tables.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// Elements of [`Element::F32`].
    F32(Vec<f32>),
    /// Elements of [`Element::U8`].
    U8(Vec<u8>),
    /// Elements of [`Element::I8`].
    I8(Vec<i8>),
    /// Elements of [`Element::I16`].
    I16(Vec<i16>),
    /// Elements of [`Element::I32`].
    I32(Vec<i32>),
}

impl Constant {
    /// The type of its elements.
    pub fn element(&self) -> Element {
        match self {
            Constant::F32(_) => Element::F32,
            Constant::U8(_) => Element::U8,
            Constant::I8(_) => Element::I8,
            Constant::I16(_) => Element::I16,
            Constant::I32(_) => Element::I32,
        }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        match self {
            Constant::F32(values) => values.len(),
            Constant::U8(values) => values.len(),
            Constant::I8(values) => values.len(),
            Constant::I16(values) => values.len(),
            Constant::I32(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its little-endian bytes.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Constant::F32(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            Constant::U8(values) => values.clone(),
            Constant::I8(values) => values.iter().map(|value| value.cast_unsigned()).collect(),
            Constant::I16(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            Constant::I32(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        }
    }
}

/// Where a buffer lies.
#[derive(Debug, Clone, PartialEq)]
pub enum Storage {
    /// In flash.
    Constant(Constant),
    /// In the arena. Several buffers may be views of one slot.
    Arena(SlotId),
}

/// A static array.
#[derive(Debug, Clone, PartialEq)]
pub struct Buffer {
    /// Its name in generated code.
    pub name: String,
    /// The type of its elements.
    pub element: Element,
    /// Its extents, outermost first, row-major.
    pub extents: Vec<usize>,
    /// Where it lies.
    pub storage: Storage,
}

impl Buffer {
    /// How many elements it holds.
    pub fn len(&self) -> usize {
        self.extents.iter().product()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its size.
    pub fn bytes(&self) -> usize {
        self.len() * self.element.bytes()
    }

    /// The flat index of an element, row-major; one index an extent.
    pub fn linear(&self, index: &[Affine]) -> Affine {
        let flatten = |flat: Affine, (index, &extent): (&Affine, &usize)| {
            flat * extent as i64 + index.clone()
        };
        index
            .iter()
            .zip(&self.extents)
            .fold(Affine::from(0_i64), flatten)
    }
}

/// A stretch of the arena and the steps of the schedule during which it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Where it begins in the arena; a multiple of 4.
    pub offset: usize,
    /// Its size.
    pub bytes: usize,
    /// The first step that needs it.
    pub first: usize,
    /// The last step that needs it.
    pub last: usize,
}

/// What a stage is told when it is run: `0 ≤ variable < below`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The variable that takes the value.
    pub variable: Variable,
    /// Its values are below this.
    pub below: usize,
}

/// One fused step of the network, or a row of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Its name in generated code and reports.
    pub name: String,
    /// The layers that it computes, by their names in the network.
    pub layers: Vec<String>,
    /// What it is told when it is run: a row, for example.
    pub parameters: Vec<Parameter>,
    /// What is done.
    pub body: Vec<Statement>,
}

impl Stage {
    /// The buffers that the stage loads from or stores to, with repetitions.
    pub fn buffers(&self) -> Vec<BufferId> {
        let mut used = Vec::new();
        buffers_of(&self.body, &mut used);
        used
    }

    /// The buffers that the stage stores to, each once.
    pub fn stores(&self) -> BTreeSet<BufferId> {
        let mut stored = BTreeSet::new();
        stores_of(&self.body, &mut stored);
        stored
    }
}

/// One network as loops over static arrays, proven to stay inside them.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    pub(super) name: String,
    pub(super) hash: [u8; 8],
    pub(super) variables: Vec<String>,
    pub(super) scalars: Vec<(String, ScalarType)>,
    pub(super) buffers: Vec<Buffer>,
    pub(super) slots: Vec<Slot>,
    pub(super) stages: Vec<Stage>,
    pub(super) counters: Vec<String>,
    pub(super) schedule: Vec<Step>,
    pub(super) input: BufferId,
    pub(super) input_rows: Option<usize>,
    pub(super) output: BufferId,
}

impl Program {
    /// Proves `self` and hands it out.
    pub(super) fn proven(self) -> Result<Program, CompileError> {
        proof::prove(&self)?;
        Ok(self)
    }

    /// The network's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first eight bytes of the network's hash.
    pub fn hash(&self) -> [u8; 8] {
        self.hash
    }

    /// All buffers.
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// The buffer of that id.
    pub fn buffer(&self, id: BufferId) -> &Buffer {
        &self.buffers[id.index()]
    }

    /// The stretches of the arena.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The stages; [`Program::schedule`] says when they run.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The stage of that id.
    pub fn stage(&self, id: StageId) -> &Stage {
        &self.stages[id.index()]
    }

    /// What one inference does, in order.
    pub fn schedule(&self) -> &[Step] {
        &self.schedule
    }

    /// Every run of a stage in one inference, in order, with the arguments.
    pub fn runs(&self) -> Vec<(StageId, Vec<i64>)> {
        let mut runs = Vec::new();
        Simulator::default().run(&self.schedule, &mut |stage, arguments| {
            runs.push((stage, arguments.to_vec()));
        });
        runs
    }

    /// The counters of the schedule's loops, each once.
    pub fn counters(&self) -> Vec<Counter> {
        let mut counters = Vec::new();
        (self.schedule.iter()).for_each(|step| step.counters(&mut counters));
        counters.sort_unstable();
        counters.dedup();
        counters
    }

    /// The name of a counter in generated code.
    pub fn counter_name(&self, counter: Counter) -> &str {
        &self.counters[counter.index()]
    }

    /// How many counters there may be.
    pub fn counter_count(&self) -> usize {
        self.counters.len()
    }

    /// The first step of the schedule that computes `layer`.
    pub fn step_of(&self, layer: &str) -> Option<usize> {
        let computes = |id: StageId| self.stage(id).layers.iter().any(|other| other == layer);
        self.schedule.iter().position(|step| {
            let mut stages = Vec::new();
            step.stages(&mut stages);
            stages.into_iter().any(computes)
        })
    }

    /// Where the image is put before the first stage, or each of its rows when it is its turn.
    pub fn input(&self) -> &Buffer {
        self.buffer(self.input)
    }

    /// How many rows the image has, if it is given a row at a time.
    pub fn input_rows(&self) -> Option<usize> {
        self.input_rows
    }

    /// How many elements an image has.
    pub fn image_len(&self) -> usize {
        self.input().len() * self.input_rows.unwrap_or(1)
    }

    /// Where the result lies behind the last stage.
    pub fn output(&self) -> &Buffer {
        self.buffer(self.output)
    }

    /// The buffers that a stage uses, each once, in the order of their making.
    pub fn arrays(&self, stage: &Stage) -> impl Iterator<Item = &Buffer> {
        let used: BTreeSet<BufferId> = stage.buffers().into_iter().collect();
        used.into_iter().map(|id| self.buffer(id))
    }

    /// How many loop variables there are.
    pub fn variable_count(&self) -> usize {
        self.variables.len()
    }

    /// How many scalars there are.
    pub fn scalar_count(&self) -> usize {
        self.scalars.len()
    }

    /// The name of a loop variable in generated code.
    pub fn variable_name(&self, variable: Variable) -> &str {
        &self.variables[variable.index()]
    }

    /// The name of a scalar in generated code, and its type.
    pub fn scalar(&self, scalar: super::Scalar) -> (&str, ScalarType) {
        let (name, scalar_type) = &self.scalars[scalar.index()];
        (name, *scalar_type)
    }

    /// The offset of an arena buffer; `None` for constants.
    pub fn offset(&self, buffer: &Buffer) -> Option<usize> {
        match buffer.storage {
            Storage::Constant(_) => None,
            Storage::Arena(slot) => Some(self.slots[slot.index()].offset),
        }
    }

    /// All RAM that the network needs besides the stack: its arena, and where an image comes a row
    /// at a time, four bytes for each counter, for the steps and for the rows.
    pub fn ram_bytes(&self) -> usize {
        let remembered = match self.input_rows {
            None => 0,
            Some(_) => self.counters().len() + 2,
        };
        self.arena_bytes() + 4 * remembered
    }

    /// The size of the arena.
    pub fn arena_bytes(&self) -> usize {
        self.slots
            .iter()
            .map(|slot| slot.offset + slot.bytes)
            .max()
            .unwrap_or(0)
    }

    /// The largest sum of sizes in the arena that are needed at one step: no plan needs less.
    pub fn arena_lower_bound(&self) -> usize {
        memory::lower_bound(&self.slots)
    }

    /// The size of all constants.
    pub fn constant_bytes(&self) -> usize {
        self.buffers
            .iter()
            .filter(|buffer| matches!(buffer.storage, Storage::Constant(_)))
            .map(Buffer::bytes)
            .sum()
    }

    /// The type of an expression of this Program, its operands taken as well typed.
    pub fn type_of(&self, expression: &Expression) -> ScalarType {
        use super::Unary;
        match expression {
            Expression::F32(_) => ScalarType::F32,
            Expression::I32(_) => ScalarType::I32,
            Expression::Scalar(scalar) => self.scalar(*scalar).1,
            Expression::Load(buffer, _) | Expression::Lookup(buffer, _) => {
                self.buffer(*buffer).element.scalar_type()
            }
            Expression::Unary(Unary::ToF32 | Unary::FromBits, _) => ScalarType::F32,
            Expression::Unary(
                Unary::Bits | Unary::LeadingZeros | Unary::Nudge | Unary::Narrow,
                _,
            ) => ScalarType::I32,
            Expression::Unary(Unary::Widen, _) => ScalarType::I64,
            Expression::Unary(Unary::Neg, value) => self.type_of(value),
            Expression::Binary(_, left, _) => self.type_of(left),
        }
    }
}
