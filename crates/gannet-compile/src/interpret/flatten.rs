//! Flattens a Program: scalars and temporaries become registers, every address becomes a base
//! that loops keep up to date plus a constant.

use std::collections::HashMap;
use std::ops::Range;

use gannet_graph::IndexBits;

use super::code::{Address, Base, Bytes, Code, Node, Operation, Products, Register};
use crate::ir::{
    Accumulate, Affine, Binary, Buffer, BufferId, Expression, Others, Program, Resume, Run, Scalar,
    ScalarType, Statement, Step, Storage, Stored, Variable,
};

/// The code of `program`, and memory with its constants in place.
pub(super) fn flatten(program: &Program) -> (Code, Vec<u8>) {
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
    let range = |buffer: &Buffer| {
        let begin = program
            .offset(buffer)
            .expect("input and output lie in the arena");
        begin..begin + buffer.bytes()
    };
    let (input, output) = (range(program.input()), range(program.output()));
    let mut flattener = Flattener {
        program,
        begins,
        input,
        registers: program.scalar_count(),
        scope: Vec::new(),
        kept: Vec::new(),
        known: HashMap::new(),
        bases: 1,
    };
    let mut body = flattener.steps(program.schedule());
    if program.input_rows().is_none() {
        body.insert(0, Node::Take(flattener.input.clone()));
    }
    let code = Code {
        body,
        registers: flattener.registers,
        bases: flattener.bases,
        counters: program.counter_count(),
        arena: 0..program.arena_bytes(),
        input: flattener.input,
        image: program.image_len() * program.input().element.bytes(),
        output,
    };
    (code, memory)
}

/// Turns statements into nodes.
struct Flattener<'p> {
    program: &'p Program,
    /// Where each buffer begins in memory.
    begins: Vec<i64>,
    /// Where the input lies.
    input: Range<usize>,
    registers: usize,
    /// The enclosing loops' variables, outermost first.
    scope: Vec<Variable>,
    /// The bases that each enclosing loop keeps.
    kept: Vec<Vec<Base>>,
    /// The base of each linear part, by its terms from the outermost loop inwards.
    known: HashMap<Vec<(Variable, i64)>, usize>,
    bases: usize,
}

impl Flattener<'_> {
    fn steps(&mut self, steps: &[Step]) -> Vec<Node> {
        steps
            .iter()
            .flat_map(|step| match step {
                Step::Run(run) => self.run(run),
                Step::Resume(Resume {
                    counter,
                    variable,
                    to,
                    body,
                }) => vec![Node::Resume {
                    counter: *counter,
                    variable: *variable,
                    to: to.clone(),
                    body: self.steps(body),
                }],
                Step::Take => vec![Node::Take(self.input.clone())],
            })
            .collect()
    }

    /// The stage's body, inside one loop over a single value for each of its parameters.
    fn run(&mut self, run: &Run) -> Vec<Node> {
        let stage = self.program.stage(run.stage);
        let mut bases = Vec::new();
        for parameter in &stage.parameters {
            self.enter(parameter.variable);
        }
        let mut body = self.body(&stage.body);
        for parameter in stage.parameters.iter().rev() {
            bases.push(self.leave(parameter.variable));
        }
        let bound = stage.parameters.iter().zip(&run.arguments).rev().zip(bases);
        for ((parameter, argument), bases) in bound {
            body = vec![Node::Loop {
                variable: parameter.variable,
                from: vec![argument.clone()],
                to: vec![argument.clone() + Affine::from(1_i64)],
                bases,
                body,
            }];
        }
        body.push(Node::Ran);
        body
    }

    /// Begins the scope of `variable`.
    fn enter(&mut self, variable: Variable) {
        self.scope.push(variable);
        self.kept.push(Vec::new());
    }

    /// Ends the scope of `variable`, the innermost, and tells which bases depend on it.
    fn leave(&mut self, variable: Variable) -> Vec<Base> {
        let bases = self.kept.pop().expect("every scope was begun");
        self.scope.pop();
        self.known
            .retain(|terms, _| terms.iter().all(|(v, _)| *v != variable));
        bases
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
                self.enter(each.variable);
                let body = self.body(&each.body);
                let bases = self.leave(each.variable);
                nodes.push(Node::Loop {
                    variable: each.variable,
                    from: each.from.clone(),
                    to: each.to.clone(),
                    bases,
                    body,
                });
            }
            Statement::Derive(derive) => {
                self.enter(derive.variable);
                let body = self.body(&derive.body);
                let bases = self.leave(derive.variable);
                nodes.push(Node::Derive {
                    variable: derive.variable,
                    value: derive.value.clone(),
                    by: derive.by,
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
            Statement::Accumulate(accumulate) => self.accumulate(accumulate, nodes),
            Statement::Dot(dot) => {
                let element = |id: BufferId| self.program.buffer(id).element;
                let [inputs, weights] = [dot.inputs, dot.weights].map(element);
                let first = std::slice::from_ref(&dot.first);
                nodes.push(Node::Dot(Products {
                    sums: dot.sums.iter().map(|sum| sum.index()).collect(),
                    positions: dot.positions,
                    inputs: (inputs, self.address(dot.inputs, first)),
                    step: dot.step,
                    weights: (weights, self.address(dot.weights, &dot.place)),
                    order: (dot
                        .reads
                        .order([inputs, weights], dot.run, dot.channels())
                        .into_iter())
                    .map(|(i, channel)| (dot.reads.place(i, channel), channel))
                    .collect(),
                }));
            }
            Statement::Merge(merge) => nodes.push(Node::Merge(Bytes {
                target: self.address(merge.target, &merge.first),
                others: match &merge.others {
                    Others::Scalars(scalars) => {
                        Ok(scalars.iter().map(|scalar| scalar.index()).collect())
                    }
                    Others::Elements(first, _) => Err(self.address(merge.target, first)),
                },
                count: merge.count(),
            })),
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
        let from = self.expression(value, Some(to), nodes);
        if from != to {
            nodes.push(Node::Do(match self.program.scalar(scalar).1 {
                ScalarType::F32 | ScalarType::I32 => Operation::Copy { to, from },
                ScalarType::I64 => Operation::WideCopy { to, from },
            }));
        }
    }

    /// One load a weight, one operation a product.
    fn accumulate(&mut self, accumulate: &Accumulate, nodes: &mut Vec<Node>) {
        let element = self.program.buffer(accumulate.weights.numbers()).element;
        let right = self.register(None);
        for (c, products) in accumulate.products() {
            self.weight(accumulate, c, right, nodes);
            nodes.extend(products.map(|(sum, input)| {
                Node::Do(Operation::MultiplyAdd {
                    of: element.scalar_type(),
                    to: sum.index(),
                    left: input.index(),
                    right,
                })
            }));
        }
    }

    /// Reads weight `c` into a register.
    fn weight(&mut self, accumulate: &Accumulate, c: usize, to: Register, nodes: &mut Vec<Node>) {
        let (place, which) = accumulate.place(c);
        match accumulate.weights {
            Stored::Single(weights) => nodes.push(Node::Do(Operation::Load {
                to,
                element: self.program.buffer(weights).element,
                address: self.address(weights, &place),
            })),
            Stored::Shared(shared) => {
                let byte = Expression::Load(shared.places, place);
                let place = match (shared.bits, which) {
                    (IndexBits::Eight, _) => byte,
                    (IndexBits::Four, 0) => byte.binary(Binary::And, 0xF),
                    (IndexBits::Four, _) => byte.binary(Binary::ShiftRight, 4),
                };
                let value = Expression::Lookup(shared.values, Box::new(place));
                self.expression(&value, Some(to), nodes);
            }
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
            Expression::Lookup(buffer, place) => Operation::Lookup {
                place: self.expression(place, None, nodes),
                element: self.program.buffer(*buffer).element,
                address: self.address(*buffer, &[0_i64.into()]),
                // A table of shared weights may have any number of values; their places are proven.
                mask: self.program.buffer(*buffer).len().next_power_of_two() as u32 - 1,
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
            | Operation::Lookup { to, .. }
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
