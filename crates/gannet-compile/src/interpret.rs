//! The interpreter: runs a Program on the host, one operation at a time.
//!
//! It is the oracle for every printer: the same operations in the same order, so the same
//! bits. Before the first run the Program is flattened: scalars and temporaries become
//! registers, every address becomes a base that loops keep up to date plus a constant.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ir::{
    Affine, Binary, BufferId, Element, Expression, Program, Scalar, ScalarType, Statement, Storage,
    Unary, Variable,
};

/// A Program made ready to run, with its memory. Clones share the code.
#[derive(Debug, Clone)]
pub struct Interpreter {
    code: Arc<Code>,
    machine: Machine,
}

impl Interpreter {
    /// Makes `program` ready to run.
    pub fn new(program: &Program) -> Self {
        let (code, memory) = Flattener::flatten(program);
        let machine = Machine {
            registers: vec![0; code.registers],
            variables: vec![0; program.variable_count()],
            bases: vec![0; code.bases],
            memory,
        };
        Interpreter {
            code: Arc::new(code),
            machine,
        }
    }

    /// One inference: the input's little-endian bytes in, the output's out.
    ///
    /// # Panics
    /// If `input` is not as long as the Program's input buffer.
    pub fn run(&mut self, input: &[u8]) -> &[u8] {
        self.machine.memory[self.code.input.clone()].copy_from_slice(input);
        self.machine.block(&self.code.body);
        &self.machine.memory[self.code.output.clone()]
    }

    /// One inference for each of `inputs`, spread over all cores, in their order.
    ///
    /// # Panics
    /// If an input is not as long as the Program's input buffer.
    pub fn run_all(&self, inputs: &[&[u8]]) -> Vec<Vec<u8>> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = inputs.len().div_ceil(threads).max(1);
        let run_share = |inputs: &[&[u8]]| -> Vec<Vec<u8>> {
            let mut own = self.clone();
            inputs.iter().map(|input| own.run(input).to_vec()).collect()
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = inputs
                .chunks(share)
                .map(|inputs| scope.spawn(move || run_share(inputs)))
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| {
                    worker
                        .join()
                        .unwrap_or_else(|e| std::panic::resume_unwind(e))
                })
                .collect()
        })
    }

    /// One inference of a Program whose input and output are `f32`.
    ///
    /// # Panics
    /// If `input` is not as long as the Program's input buffer.
    pub fn run_f32(&mut self, input: &[f32]) -> Vec<f32> {
        let bytes: Vec<u8> = input.iter().flat_map(|value| value.to_le_bytes()).collect();
        floats(self.run(&bytes))
    }
}

/// The `f32`s that little-endian `bytes` hold.
pub fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&chunk| f32::from_le_bytes(chunk))
        .collect()
}

/// A register: a scalar, or a temporary behind them.
type Register = usize;

/// `bases[base] + offset`, in bytes of memory.
#[derive(Debug, Clone, Copy)]
struct Address {
    base: usize,
    offset: i64,
}

#[derive(Debug)]
struct Code {
    body: Vec<Node>,
    registers: usize,
    bases: usize,
    input: std::ops::Range<usize>,
    output: std::ops::Range<usize>,
}

#[derive(Debug)]
enum Node {
    Loop {
        variable: Variable,
        from: Vec<Affine>,
        to: Vec<Affine>,
        /// Bases that depend on the variable: `bases[own] = bases[outer] + step · variable`.
        bases: Vec<Base>,
        body: Vec<Node>,
    },
    If(Vec<Affine>, Vec<Node>),
    Do(Operation),
}

#[derive(Debug, Clone, Copy)]
struct Base {
    own: usize,
    outer: usize,
    step: i64,
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    Constant {
        to: Register,
        bits: u32,
    },
    Copy {
        to: Register,
        from: Register,
    },
    Load {
        to: Register,
        element: Element,
        address: Address,
    },
    Store {
        from: Register,
        element: Element,
        address: Address,
    },
    Unary {
        to: Register,
        operation: Unary,
        of: ScalarType,
        value: Register,
    },
    Binary {
        to: Register,
        operation: Binary,
        of: ScalarType,
        left: Register,
        right: Register,
    },
    /// `to += factor · memory[address]`, the product rounded before it is added: what nearly
    /// all time is spent in.
    MultiplyAdd {
        to: Register,
        factor: Register,
        address: Address,
    },
}

/// Turns statements into nodes.
struct Flattener<'p> {
    program: &'p Program,
    /// Where each buffer begins in memory.
    begins: Vec<i64>,
    registers: usize,
    /// The enclosing loops' variables, outermost first.
    scope: Vec<Variable>,
    /// The bases that each enclosing loop keeps.
    kept: Vec<Vec<Base>>,
    /// The base of each linear part, by its terms from the outermost loop inwards.
    known: HashMap<Vec<(Variable, i64)>, usize>,
    bases: usize,
}

impl<'p> Flattener<'p> {
    fn flatten(program: &'p Program) -> (Code, Vec<u8>) {
        let mut memory = vec![0; program.arena_bytes()];
        let begins: Vec<i64> = program
            .buffers()
            .iter()
            .map(|buffer| match &buffer.storage {
                Storage::Arena(_) => program.offset(buffer).expect("it lies in the arena") as i64,
                Storage::Constant(constant) => {
                    let begin = memory.len() as i64;
                    memory.extend(constant.bytes());
                    begin
                }
            })
            .collect();
        let range = |buffer: &crate::ir::Buffer| {
            let begin = program
                .offset(buffer)
                .expect("input and output lie in the arena");
            begin..begin + buffer.bytes()
        };
        let (input, output) = (range(program.input()), range(program.output()));
        let mut flattener = Flattener {
            program,
            begins,
            registers: program.scalar_count(),
            scope: Vec::new(),
            kept: Vec::new(),
            known: HashMap::new(),
            bases: 1,
        };
        let body = program
            .stages()
            .iter()
            .flat_map(|stage| flattener.body(&stage.body))
            .collect();
        let code = Code {
            body,
            registers: flattener.registers,
            bases: flattener.bases,
            input,
            output,
        };
        (code, memory)
    }

    fn body(&mut self, body: &[Statement]) -> Vec<Node> {
        let mut nodes = Vec::new();
        body.iter()
            .for_each(|statement| self.statement(statement, &mut nodes));
        nodes
    }

    fn statement(&mut self, statement: &Statement, nodes: &mut Vec<Node>) {
        match statement {
            Statement::For(each) => {
                self.scope.push(each.variable);
                self.kept.push(Vec::new());
                let body = self.body(&each.body);
                let bases = self.kept.pop().expect("pushed above");
                self.scope.pop();
                self.known
                    .retain(|terms, _| terms.iter().all(|(v, _)| *v != each.variable));
                nodes.push(Node::Loop {
                    variable: each.variable,
                    from: each.from.clone(),
                    to: each.to.clone(),
                    bases,
                    body,
                });
            }
            Statement::If(conditions, body) => {
                nodes.push(Node::If(conditions.clone(), self.body(body)));
            }
            Statement::Let(scalar, value) | Statement::Set(scalar, value) => {
                self.assign(*scalar, value, nodes);
            }
            Statement::Store(buffer, index, value) => {
                let from = self.expression(value, None, nodes);
                let element = self.program.buffer(*buffer).element;
                let address = self.address(*buffer, index);
                nodes.push(Node::Do(Operation::Store {
                    from,
                    element,
                    address,
                }));
            }
        }
    }

    fn assign(&mut self, scalar: Scalar, value: &Expression, nodes: &mut Vec<Node>) {
        let to = scalar.index();
        if let Some((factor, buffer, index)) = self.as_multiply_add(scalar, value) {
            let address = self.address(buffer, index);
            nodes.push(Node::Do(Operation::MultiplyAdd {
                to,
                factor: factor.index(),
                address,
            }));
            return;
        }
        let from = self.expression(value, Some(to), nodes);
        if from != to {
            nodes.push(Node::Do(Operation::Copy { to, from }));
        }
    }

    /// `sum = sum + factor · load` of `f32`s.
    fn as_multiply_add<'e>(
        &self,
        sum: Scalar,
        value: &'e Expression,
    ) -> Option<(Scalar, BufferId, &'e [Affine])> {
        let Expression::Binary(Binary::Add, left, right) = value else {
            return None;
        };
        let Expression::Binary(Binary::Mul, factor, load) = &**right else {
            return None;
        };
        match (&**left, &**factor, &**load) {
            (
                Expression::Scalar(added),
                Expression::Scalar(factor),
                Expression::Load(buffer, index),
            ) if *added == sum && self.program.buffer(*buffer).element == Element::F32 => {
                Some((*factor, *buffer, index))
            }
            _ => None,
        }
    }

    /// Emits what computes `expression` and tells where its value is: in `wanted` if a new
    /// register is needed and one is named.
    fn expression(
        &mut self,
        expression: &Expression,
        wanted: Option<Register>,
        nodes: &mut Vec<Node>,
    ) -> Register {
        let of = self.program.type_of(expression);
        let operation = match expression {
            Expression::Scalar(scalar) => return scalar.index(),
            Expression::F32(value) => Operation::Constant {
                to: self.register(wanted),
                bits: value.to_bits(),
            },
            Expression::I32(value) => Operation::Constant {
                to: self.register(wanted),
                bits: value.cast_unsigned(),
            },
            Expression::Load(buffer, index) => Operation::Load {
                element: self.program.buffer(*buffer).element,
                address: self.address(*buffer, index),
                to: self.register(wanted),
            },
            Expression::Unary(operation, value) => {
                let value = self.expression(value, None, nodes);
                Operation::Unary {
                    to: self.register(wanted),
                    operation: *operation,
                    of,
                    value,
                }
            }
            Expression::Binary(operation, left, right) => {
                let left = self.expression(left, None, nodes);
                let right = self.expression(right, None, nodes);
                let to = self.register(wanted);
                Operation::Binary {
                    to,
                    operation: *operation,
                    of,
                    left,
                    right,
                }
            }
        };
        nodes.push(Node::Do(operation));
        match operation {
            Operation::Constant { to, .. }
            | Operation::Load { to, .. }
            | Operation::Unary { to, .. }
            | Operation::Binary { to, .. } => to,
            _ => unreachable!("only what gives a value was made above"),
        }
    }

    fn register(&mut self, wanted: Option<Register>) -> Register {
        wanted.unwrap_or_else(|| {
            self.registers += 1;
            self.registers - 1
        })
    }

    fn address(&mut self, buffer: BufferId, index: &[Affine]) -> Address {
        let described = self.program.buffer(buffer);
        let bytes = described.element.bytes() as i64;
        let linear = described.linear(index) * bytes;
        let mut terms: Vec<(Variable, i64)> = linear.terms().to_vec();
        let depth = |variable: &Variable| {
            self.scope
                .iter()
                .position(|v| v == variable)
                .expect("proven to be in scope")
        };
        terms.sort_by_key(|(variable, _)| depth(variable));
        let offset = self.begins[buffer.index()] + linear.constant();
        Address {
            base: self.base(&terms),
            offset,
        }
    }

    /// The base that holds the sum of `terms`; base 0 is always 0.
    fn base(&mut self, terms: &[(Variable, i64)]) -> usize {
        let Some((&(variable, step), outer)) = terms.split_last() else {
            return 0;
        };
        if let Some(&known) = self.known.get(terms) {
            return known;
        }
        let outer = self.base(outer);
        let own = self.bases;
        self.bases += 1;
        let place = self
            .scope
            .iter()
            .position(|v| *v == variable)
            .expect("in scope");
        self.kept[place].push(Base { own, outer, step });
        self.known.insert(terms.to_vec(), own);
        own
    }
}

#[derive(Debug, Clone)]
struct Machine {
    registers: Vec<u32>,
    variables: Vec<i64>,
    bases: Vec<i64>,
    memory: Vec<u8>,
}

impl Machine {
    fn block(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Do(operation) => self.operation(operation),
                Node::Loop {
                    variable,
                    from,
                    to,
                    bases,
                    body,
                } => {
                    let from = from
                        .iter()
                        .map(|bound| self.affine(bound))
                        .max()
                        .unwrap_or(0);
                    let to = to.iter().map(|bound| self.affine(bound)).min().unwrap_or(0);
                    for value in from..to {
                        self.variables[variable.index()] = value;
                        for base in bases {
                            self.bases[base.own] = self.bases[base.outer] + base.step * value;
                        }
                        self.block(body);
                    }
                }
                Node::If(conditions, body) => {
                    if conditions
                        .iter()
                        .all(|condition| self.affine(condition) >= 0)
                    {
                        self.block(body);
                    }
                }
            }
        }
    }

    fn affine(&self, expression: &Affine) -> i64 {
        expression.evaluate(|variable| self.variables[variable.index()])
    }

    fn place(&self, address: Address) -> usize {
        (self.bases[address.base] + address.offset) as usize
    }

    fn word(&self, address: Address) -> u32 {
        let place = self.place(address);
        let bytes = self.memory[place..place + 4]
            .try_into()
            .expect("four bytes");
        u32::from_le_bytes(bytes)
    }

    fn float(&self, register: Register) -> f32 {
        f32::from_bits(self.registers[register])
    }

    fn operation(&mut self, operation: &Operation) {
        match *operation {
            Operation::MultiplyAdd {
                to,
                factor,
                address,
            } => {
                let product = self.float(factor) * f32::from_bits(self.word(address));
                self.registers[to] = (self.float(to) + product).to_bits();
            }
            Operation::Constant { to, bits } => self.registers[to] = bits,
            Operation::Copy { to, from } => self.registers[to] = self.registers[from],
            Operation::Load {
                to,
                element,
                address,
            } => {
                self.registers[to] = match element {
                    Element::F32 => self.word(address),
                    Element::U8 => u32::from(self.memory[self.place(address)]),
                };
            }
            Operation::Store {
                from,
                element,
                address,
            } => {
                let (place, bits) = (self.place(address), self.registers[from]);
                match element {
                    Element::F32 => {
                        self.memory[place..place + 4].copy_from_slice(&bits.to_le_bytes());
                    }
                    Element::U8 => self.memory[place] = bits as u8,
                }
            }
            Operation::Unary {
                to,
                operation,
                of,
                value,
            } => {
                self.registers[to] = unary(operation, of, self.registers[value]);
            }
            Operation::Binary {
                to,
                operation,
                of,
                left,
                right,
            } => {
                let (left, right) = (self.registers[left], self.registers[right]);
                self.registers[to] = match of {
                    ScalarType::F32 => {
                        binary_f32(operation, f32::from_bits(left), f32::from_bits(right)).to_bits()
                    }
                    ScalarType::I32 => {
                        binary_i32(operation, left.cast_signed(), right.cast_signed())
                            .cast_unsigned()
                    }
                };
            }
        }
    }
}

fn unary(operation: Unary, of: ScalarType, bits: u32) -> u32 {
    match (operation, of) {
        (Unary::ToF32, _) => (bits.cast_signed() as f32).to_bits(),
        (Unary::Bits | Unary::FromBits, _) => bits,
        (Unary::Neg, ScalarType::F32) => bits ^ (1 << 31),
        (Unary::Neg, ScalarType::I32) => bits.wrapping_neg(),
    }
}

fn binary_f32(operation: Binary, left: f32, right: f32) -> f32 {
    match operation {
        Binary::Add => left + right,
        Binary::Sub => left - right,
        Binary::Mul => left * right,
        Binary::Div => left / right,
        Binary::Max => {
            if right > left {
                right
            } else {
                left
            }
        }
        Binary::Min => {
            if right < left {
                right
            } else {
                left
            }
        }
        Binary::ShiftLeft => unreachable!("proven to be an operation on integers"),
    }
}

fn binary_i32(operation: Binary, left: i32, right: i32) -> i32 {
    match operation {
        Binary::Add => left.wrapping_add(right),
        Binary::Sub => left.wrapping_sub(right),
        Binary::Mul => left.wrapping_mul(right),
        Binary::Max => {
            if right > left {
                right
            } else {
                left
            }
        }
        Binary::Min => {
            if right < left {
                right
            } else {
                left
            }
        }
        Binary::ShiftLeft => left << right,
        Binary::Div => unreachable!("proven to be an operation on f32"),
    }
}
