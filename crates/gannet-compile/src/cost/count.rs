//! Counts the operations of a Program by going through its schedule and loops. A loop whose body
//! does the same at every turn is gone through once.

use std::collections::{BTreeSet, HashMap};

use gannet_graph::IndexBits;
use gannet_target::{Core, Timing};

use super::Operations;
use crate::ir::{
    Affine, Binary, Derivation, Dot, Element, Expression, Loop, Merge, Others, Program, ScalarType,
    Stage, StageId, Statement, Step, Storage, Stored, Unary, Variable, WORD, buffers_of,
};
use crate::print::dot;

/// The operations of each stage over one inference, in the order of [`Program::stages`].
pub fn count(program: &Program) -> Vec<Operations> {
    let mut counting = Counting {
        program,
        values: vec![0; program.variable_count()],
        counters: vec![0; program.counter_count()],
        stages: vec![Operations::default(); program.stages().len()],
        known: HashMap::new(),
    };
    counting.steps(program.schedule());
    counting.stages
}

/// Around a dot product: what was in registers goes to the stack and back, and pointers are
/// worked out.
const DOT: u64 = 30;
/// Weights that are read at a time, at most.
const WEIGHTS_A_BLOCK: u64 = 8;
/// Sums for which there are registers in any case, beside weights, inputs and products.
const UNCROWDED_SUMS: usize = 12;

struct Counting<'p> {
    program: &'p Program,
    /// The present value of each variable.
    values: Vec<i64>,
    /// How often each resumable loop has run.
    counters: Vec<i64>,
    stages: Vec<Operations>,
    /// What a stage does with these arguments, once it was counted.
    known: HashMap<(StageId, Vec<i64>), Operations>,
}

impl Counting<'_> {
    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Run(run) => {
                    let arguments: Vec<i64> =
                        run.arguments.iter().map(|each| self.value(each)).collect();
                    let operations = self.run(run.stage, arguments);
                    self.stages[run.stage.index()] += operations;
                }
                Step::Resume(resume) => {
                    let counter = resume.counter.index();
                    while resume
                        .to
                        .iter()
                        .all(|to| self.counters[counter] < self.value(to))
                    {
                        self.values[resume.variable.index()] = self.counters[counter];
                        self.steps(&resume.body);
                        self.counters[counter] += 1;
                    }
                }
                Step::Take => {}
            }
        }
    }

    fn run(&mut self, id: StageId, arguments: Vec<i64>) -> Operations {
        let key = (id, arguments);
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let stage: &Stage = self.program.stage(id);
        for (parameter, &value) in stage.parameters.iter().zip(&key.1) {
            self.values[parameter.variable.index()] = value;
        }
        let mut operations = self.body(&stage.body);
        operations.runs += 1;
        self.known.insert(key, operations);
        operations
    }

    fn body(&mut self, body: &[Statement]) -> Operations {
        let mut operations = Operations::default();
        let (mut sums, mut integer_sums, mut blocks) = (0, 0, 0);
        let mut constants = Vec::new();
        for statement in body {
            match statement {
                Statement::For(each) => operations += self.repeat(each),
                Statement::Derive(derive) => {
                    let value = self.value(&derive.value);
                    self.values[derive.variable.index()] = derive.by.of(value);
                    match derive.by {
                        // A mask.
                        Derivation::Slot(rows) if rows.is_power_of_two() => {
                            operations.integers += 1;
                        }
                        _ => operations.derivations += 1,
                    }
                    operations += self.body(&derive.body);
                }
                Statement::If(conditions, body) => {
                    operations.conditions += 1;
                    if conditions
                        .iter()
                        .all(|condition| self.value(condition) >= 0)
                    {
                        operations += self.body(body);
                    }
                }
                Statement::Accumulate(accumulate) => {
                    let products = accumulate.sums.len() as u64;
                    let weights = accumulate.weight_count() as u64;
                    blocks += 1;
                    let numbers = self.program.buffer(accumulate.weights.numbers());
                    if numbers.element != Element::F32 {
                        operations.integer_loads += weights;
                        operations.integers += products;
                        integer_sums = integer_sums.max(products);
                        continue;
                    }
                    match accumulate.weights {
                        Stored::Single(_) => {
                            operations.weights += weights;
                            operations.weight_loads += weights.div_ceil(WEIGHTS_A_BLOCK);
                        }
                        Stored::Shared(shared) => {
                            operations.shared_weights += weights;
                            if shared.bits == IndexBits::Four {
                                operations.paired_weights += weights;
                            }
                        }
                    }
                    operations.accumulations += products;
                    operations.blocks += 1;
                    sums = sums.max(accumulate.sums.len());
                }
                Statement::Dot(dot) => operations.dots += DOT + self.dot(dot),
                Statement::Merge(merge) => merged(merge, &mut operations),
                Statement::Let(scalar, value) | Statement::Set(scalar, value) => {
                    self.expression(value, &mut constants, &mut operations);
                    let is_float = self.program.scalar(*scalar).1 == ScalarType::F32;
                    let is_moved = !matches!(
                        value,
                        Expression::Load(..) | Expression::Unary(..) | Expression::Binary(..)
                    );
                    operations.moves += u64::from(is_float && is_moved);
                }
                Statement::Store(_, _, value) => {
                    self.expression(value, &mut constants, &mut operations);
                    match self.program.type_of(value) {
                        ScalarType::F32 => operations.stores += 1,
                        ScalarType::I32 | ScalarType::I64 => {
                            operations.integer_stores += 1;
                            // For all that a compiler knows, a byte may be of any of them.
                            constants.clear();
                        }
                    }
                }
            }
        }
        // The weights and inputs of several blocks are wanted at once. Core registers are too few
        // for that, and sums go to the stack and back.
        if blocks > 1 {
            operations.crowded_sums += sums.saturating_sub(UNCROWDED_SUMS) as u64;
            operations.integer_loads += integer_sums;
            operations.integer_stores += integer_sums;
        }
        operations
    }

    /// Cycles of `dot`: in assembly, or of a loop over the inputs where the registers are too few.
    fn dot(&self, dot: &Dot) -> u64 {
        dot::cycles(self.program, dot, dsp()).unwrap_or_else(|| {
            let [channels, positions] = [dot.channels(), dot.positions].map(|count| count as u64);
            let timing = dsp();
            let [load, branch] = [timing.load, timing.branch].map(u64::from);
            // Two pointers, the end and a jump.
            let turn = 3 + branch;
            let input = (channels + positions) * load + channels * positions + turn;
            dot.run as u64 * input
        })
    }

    fn repeat(&mut self, each: &Loop) -> Operations {
        let (from, to) = self.bounds(each);
        let turns = self.turns(each);
        let mut operations = Operations::default();
        if let Some(cycles) = dot::cycles_of_rows(self.program, each, turns, dsp()) {
            operations.dots += DOT + cycles;
            // Where the first row lies in its ring.
            operations.derivations += 1;
            return operations;
        }
        if let Some((what, bytes)) = self.copied(&each.body) {
            match what {
                Copied::Words => {
                    operations.copies += 1;
                    operations.copied_words += (turns * bytes).div_ceil(4);
                }
                Copied::Bytes => {
                    operations.byte_copies += 1;
                    operations.copied_bytes += turns * bytes;
                }
            }
            return operations;
        }
        if depends(&each.body, each.variable) {
            for value in from..to {
                self.values[each.variable.index()] = value;
                operations += self.body(&each.body);
            }
        } else if turns > 0 {
            self.values[each.variable.index()] = from;
            operations += self.body(&each.body) * turns;
        }
        if turns <= 2 && matches!(each.body[..], [Statement::Set(..) | Statement::Store(..)]) {
            operations.pairs += 1;
            operations.pair_turns += turns;
            return operations;
        }
        operations.loops += 1;
        operations.turns += turns;
        operations.pointers += turns * pointers(&each.body);
        operations
    }

    /// How a turn of a loop copies or sets memory, and how many bytes, if it does nothing else.
    fn copied(&self, body: &[Statement]) -> Option<(Copied, u64)> {
        match body {
            [Statement::Store(to, _, value)] => {
                let element = self.program.buffer(*to).element;
                let what = match value {
                    Expression::F32(_) | Expression::I32(_) => Copied::Words,
                    Expression::Load(from, _) if self.program.buffer(*from).element == element => {
                        match element {
                            Element::F32 | Element::I32 => Copied::Words,
                            // They lie anywhere.
                            Element::U8 | Element::I8 | Element::I16 => Copied::Bytes,
                        }
                    }
                    _ => return None,
                };
                Some((what, element.bytes() as u64))
            }
            [Statement::For(inner)] => {
                let (what, bytes) = self.copied(&inner.body)?;
                Some((what, self.turns(inner) * bytes))
            }
            _ => None,
        }
    }

    /// How often a loop turns.
    fn turns(&self, each: &Loop) -> u64 {
        let (from, to) = self.bounds(each);
        (to - from).max(0) as u64
    }

    /// The largest lower bound and the smallest upper one; nothing lies between those of none.
    fn bounds(&self, each: &Loop) -> (i64, i64) {
        let from = each.from.iter().map(|bound| self.value(bound)).max();
        let to = each.to.iter().map(|bound| self.value(bound)).min();
        from.zip(to).unwrap_or((0, 0))
    }

    fn value(&self, affine: &Affine) -> i64 {
        affine.evaluate(|variable| self.values[variable.index()])
    }

    /// Adds the operations of `expression`. An element of a constant is read once: `constants` are
    /// those that were read.
    fn expression<'e>(
        &self,
        expression: &'e Expression,
        constants: &mut Vec<&'e Expression>,
        operations: &mut Operations,
    ) {
        if is_constant(expression) {
            return;
        }
        if let Some((value, low, high)) = held(expression)
            && is_saturation(low, high)
        {
            self.expression(value, constants, operations);
            operations.integers += 1;
            return;
        }
        match expression {
            Expression::F32(_) | Expression::I32(_) | Expression::Scalar(_) => {}
            Expression::Load(buffer, _) => {
                if let Storage::Constant(_) = self.program.buffer(*buffer).storage {
                    if constants.contains(&expression) {
                        return;
                    }
                    constants.push(expression);
                }
                match self.program.type_of(expression) {
                    ScalarType::F32 => operations.loads += 1,
                    ScalarType::I32 | ScalarType::I64 => operations.integer_loads += 1,
                }
            }
            Expression::Lookup(_, place) => {
                self.expression(place, constants, operations);
                operations.integer_loads += 1;
            }
            Expression::Unary(operation, value) => {
                self.expression(value, constants, operations);
                match operation {
                    // To a float register, and there to a float.
                    Unary::ToF32 => operations.conversions += 2,
                    Unary::Bits | Unary::FromBits => operations.conversions += 1,
                    Unary::Neg => operations.floats += 1,
                    Unary::LeadingZeros | Unary::Nudge | Unary::Widen => {
                        operations.integers += 1;
                    }
                    // The low half is there.
                    Unary::Narrow => {}
                }
            }
            Expression::Binary(operation, left, right) => {
                self.expression(left, constants, operations);
                self.expression(right, constants, operations);
                let kind = match (self.program.type_of(expression), operation) {
                    // Compared, and under a condition moved.
                    (ScalarType::I32, Binary::Max | Binary::Min) => {
                        operations.integers += 3;
                        return;
                    }
                    // SMMULR.
                    (ScalarType::I32, Binary::RoundedProduct(32)) => &mut operations.integers,
                    // A long product, its rounding and a shift; a mask, a sign and a sum.
                    (ScalarType::I32, Binary::RoundedProduct(_) | Binary::RoundingShiftRight) => {
                        operations.integers += 5;
                        return;
                    }
                    (ScalarType::I32, _) => &mut operations.integers,
                    // Half the bits, the other half and what is carried; three products; an
                    // addition and shifts of both halves.
                    (ScalarType::I64, Binary::RoundedShiftRight) => {
                        operations.integers += 8;
                        return;
                    }
                    (ScalarType::I64, _) => {
                        operations.integers += 3;
                        return;
                    }
                    // By a power of two it is a product with another, to the same bits.
                    (ScalarType::F32, Binary::Div) if is_power_of_two(right) => {
                        &mut operations.floats
                    }
                    (ScalarType::F32, Binary::Div) => &mut operations.quotients,
                    (ScalarType::F32, Binary::Max | Binary::Min) => &mut operations.choices,
                    (ScalarType::F32, _) => &mut operations.floats,
                };
                *kind += 1;
            }
        }
    }
}

/// Four bytes at a time: the word is read, compared, chosen from and written; of scalars it is
/// first put together, other bytes are read, in a loop.
fn merged(merge: &Merge, operations: &mut Operations) {
    let words = merge.count().div_ceil(WORD) as u64;
    operations.integer_loads += words;
    operations.integers += 2 * words;
    operations.integer_stores += words;
    match &merge.others {
        Others::Scalars(_) => operations.integers += 3 * words,
        Others::Elements(..) => {
            operations.integer_loads += words;
            operations.loops += 1;
            operations.turns += words;
        }
    }
}

/// The timing of the cores that have the instructions for dot products.
fn dsp() -> &'static Timing {
    Core::CortexM4F.timing()
}

/// How memory is copied or set.
enum Copied {
    Words,
    Bytes,
}

/// How many pointers a loop with this body moves on: one for each array.
fn pointers(body: &[Statement]) -> u64 {
    let mut used = Vec::new();
    buffers_of(body, &mut used);
    used.into_iter().collect::<BTreeSet<_>>().len() as u64
}

fn is_constant(expression: &Expression) -> bool {
    match expression {
        Expression::I32(_) | Expression::F32(_) => true,
        Expression::Binary(_, left, right) => is_constant(left) && is_constant(right),
        _ => false,
    }
}

/// A value that is held between two constants, and these.
fn held(expression: &Expression) -> Option<(&Expression, i32, i32)> {
    let Expression::Binary(Binary::Min, below, high) = expression else {
        return None;
    };
    match (&**below, &**high) {
        (Expression::Binary(Binary::Max, value, low), Expression::I32(high)) => match **low {
            Expression::I32(low) => Some((value, low, *high)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether SSAT or USAT holds a value between these.
fn is_saturation(low: i32, high: i32) -> bool {
    let is_limit = high
        .checked_add(1)
        .is_some_and(|limit| limit > 0 && limit & high == 0);
    is_limit && (low == 0 || low == -high - 1)
}

fn is_power_of_two(expression: &Expression) -> bool {
    const FRACTION: u32 = 0x007F_FFFF;
    matches!(expression, Expression::F32(value) if value.is_normal() && value.to_bits() & FRACTION == 0)
}

/// Whether how often something in `body` is done depends on `variable`.
fn depends(body: &[Statement], variable: Variable) -> bool {
    let uses = |bounds: &[Affine]| bounds.iter().any(|bound| bound.coefficient(variable) != 0);
    body.iter().any(|statement| match statement {
        Statement::For(each) => uses(&each.from) || uses(&each.to) || depends(&each.body, variable),
        Statement::If(conditions, body) => uses(conditions) || depends(body, variable),
        Statement::Derive(derive) => {
            // What the given variable decides, its value does.
            let is_given = derive.value.coefficient(variable) != 0;
            is_given && depends(&derive.body, derive.variable) || depends(&derive.body, variable)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InputFormat, Options, compile};
    use gannet_graph::{Dense, Function, Graph};

    fn total(graph: &Graph) -> Operations {
        let options = Options::new(InputFormat::F32);
        let program = compile(graph, &options).unwrap();
        let mut total = Operations::default();
        count(&program).into_iter().for_each(|stage| total += stage);
        total
    }

    /// Dense layers multiply and add once for each weight, and store and compare each output.
    #[test]
    fn dense_layers_are_counted_by_their_shapes() {
        let mut graph = Graph::with_input("dense", "input_1", [30]).unwrap();
        let hidden = Dense::zeros(30, 12).with_activation(Function::Relu);
        graph.push("hidden", hidden).unwrap();
        graph.push("outputs", Dense::zeros(12, 7)).unwrap();
        let total = total(&graph);
        assert_eq!(total.accumulations, graph.macs());
        assert_eq!(total.accumulations, 30 * 12 + 12 * 7);
        assert_eq!(total.stores, 12 + 7);
        assert_eq!(total.choices, 12);
        assert_eq!(total.quotients, 0);
    }
}
