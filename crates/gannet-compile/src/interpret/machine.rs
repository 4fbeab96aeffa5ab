//! Runs flattened code on registers and memory.

use std::ops::{ControlFlow, Range};

use super::code::{Address, Base, Bytes, Code, Node, Operation, Products, Register};
use crate::ir::{Affine, Binary, Element, ScalarType, Unary, Variable};

/// Registers, loop variables, bases and memory.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    registers: Vec<u32>,
    /// The same registers where they hold 64 bits.
    wide: Vec<i64>,
    variables: Vec<i64>,
    bases: Vec<i64>,
    counters: Vec<i64>,
    memory: Vec<u8>,
    /// After how many more runs of stages to stop.
    runs_left: usize,
    image: Vec<u8>,
    /// How many bytes of the image were taken.
    taken: usize,
}

impl Machine {
    /// A machine for `code` with `variables` loop variables.
    pub(super) fn new(code: &Code, variables: usize, memory: Vec<u8>) -> Self {
        Machine {
            registers: vec![0; code.registers],
            wide: vec![0; code.registers],
            variables: vec![0; variables],
            bases: vec![0; code.bases],
            counters: vec![0; code.counters],
            memory,
            runs_left: 0,
            image: Vec::new(),
            taken: 0,
        }
    }

    /// Runs `code` on `image` until its stages have run `runs` times, or to its end.
    pub(super) fn run(&mut self, code: &Code, image: &[u8], runs: usize) {
        self.counters.fill(0);
        self.image.clear();
        self.image.extend_from_slice(image);
        self.taken = 0;
        self.runs_left = runs;
        if runs > 0 {
            // Whether it came to the end or not, memory tells what there is to tell.
            let _ = self.block(&code.body);
        }
    }

    /// A stretch of memory.
    pub(super) fn memory(&self, range: &Range<usize>) -> &[u8] {
        &self.memory[range.clone()]
    }

    /// A stretch of memory, to be written.
    pub(super) fn memory_mut(&mut self, range: &Range<usize>) -> &mut [u8] {
        &mut self.memory[range.clone()]
    }

    /// Runs `nodes`, up to where the machine is to stop.
    fn block(&mut self, nodes: &[Node]) -> ControlFlow<()> {
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
                        self.set(*variable, value, bases);
                        self.block(body)?;
                    }
                }
                Node::Resume {
                    counter,
                    variable,
                    to,
                    body,
                } => {
                    let to = to.iter().map(|bound| self.affine(bound)).min().unwrap_or(0);
                    while self.counters[counter.index()] < to {
                        self.variables[variable.index()] = self.counters[counter.index()];
                        self.block(body)?;
                        self.counters[counter.index()] += 1;
                    }
                }
                Node::Derive {
                    variable,
                    value,
                    by,
                    bases,
                    body,
                } => {
                    let given = by.of(self.affine(value));
                    self.set(*variable, given, bases);
                    self.block(body)?;
                }
                Node::Dot(products) => self.dot(products),
                Node::Merge(bytes) => self.merge(bytes),
                Node::Take(place) => {
                    let end = self.taken + place.len();
                    self.memory[place.clone()].copy_from_slice(&self.image[self.taken..end]);
                    self.taken = end;
                }
                Node::If(conditions, body) => {
                    if conditions
                        .iter()
                        .all(|condition| self.affine(condition) >= 0)
                    {
                        self.block(body)?;
                    }
                }
                Node::Ran => {
                    self.runs_left -= 1;
                    if self.runs_left == 0 {
                        return ControlFlow::Break(());
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn dot(&mut self, products: &Products) {
        let ((inputs, first), (weights, place)) = (products.inputs, products.weights);
        let [first, place] = [first, place].map(|address| self.place(address));
        for (k, &(input, channel)) in products.order.iter().enumerate() {
            let weight = self.element(weights, place + k * weights.bytes());
            for position in 0..products.positions {
                let input = (position * products.step + input) * inputs.bytes();
                let input = self.element(inputs, first + input);
                let sum = products.sums[channel * products.positions + position];
                let product = input.wrapping_mul(weight);
                self.registers[sum] = self.registers[sum].wrapping_add(product);
            }
        }
    }

    fn merge(&mut self, bytes: &Bytes) {
        let target = self.place(bytes.target);
        let from = bytes.others.as_ref().map_err(|&first| self.place(first));
        for i in 0..bytes.count {
            let other = match from {
                Ok(registers) => self.registers[registers[i]] as i8,
                Err(first) => self.memory[first + i].cast_signed(),
            };
            let larger = self.memory[target + i].cast_signed().max(other);
            self.memory[target + i] = larger.cast_unsigned();
        }
    }

    /// Gives `variable` a value, and with it the bases that depend on it.
    fn set(&mut self, variable: Variable, value: i64, bases: &[Base]) {
        self.variables[variable.index()] = value;
        for base in bases {
            self.bases[base.own] = self.bases[base.outer] + base.step * value;
        }
    }

    fn affine(&self, expression: &Affine) -> i64 {
        expression.evaluate(|variable| self.variables[variable.index()])
    }

    fn place(&self, address: Address) -> usize {
        (self.bases[address.base] + address.offset) as usize
    }

    /// The element at a byte of memory, widened.
    fn element(&self, element: Element, place: usize) -> u32 {
        match element {
            Element::F32 | Element::I32 => {
                let bytes = self.memory[place..place + 4].try_into();
                u32::from_le_bytes(bytes.expect("four bytes"))
            }
            Element::I16 => {
                let bytes = self.memory[place..place + 2].try_into();
                i32::from(i16::from_le_bytes(bytes.expect("two bytes"))).cast_unsigned()
            }
            Element::U8 => self.memory[place].into(),
            Element::I8 => i32::from(self.memory[place].cast_signed()).cast_unsigned(),
        }
    }

    fn float(&self, register: Register) -> f32 {
        f32::from_bits(self.registers[register])
    }

    fn operation(&mut self, operation: &Operation) {
        match *operation {
            Operation::MultiplyAdd {
                of: ScalarType::I32 | ScalarType::I64,
                to,
                left,
                right,
            } => {
                let product = self.registers[left].wrapping_mul(self.registers[right]);
                self.registers[to] = self.registers[to].wrapping_add(product);
            }
            Operation::MultiplyAdd {
                of: ScalarType::F32,
                to,
                left,
                right,
            } => {
                let product = self.float(left) * self.float(right);
                self.registers[to] = (self.float(to) + product).to_bits();
            }
            Operation::Constant { to, bits } => self.registers[to] = bits,
            Operation::Copy { to, from } => self.registers[to] = self.registers[from],
            Operation::WideCopy { to, from } => self.wide[to] = self.wide[from],
            Operation::Load {
                to,
                element,
                address,
            } => {
                self.registers[to] = self.element(element, self.place(address));
            }
            Operation::Lookup {
                to,
                mask,
                element,
                address,
                place,
            } => {
                let position = (self.registers[place] & mask) as usize * element.bytes();
                self.registers[to] = self.element(element, self.place(address) + position);
            }
            Operation::Store {
                from,
                element,
                address,
            } => {
                let (place, bits) = (self.place(address), self.registers[from]);
                match element {
                    Element::F32 | Element::I32 => {
                        self.memory[place..place + 4].copy_from_slice(&bits.to_le_bytes());
                    }
                    Element::I16 => {
                        self.memory[place..place + 2].copy_from_slice(&(bits as u16).to_le_bytes());
                    }
                    Element::U8 | Element::I8 => self.memory[place] = bits as u8,
                }
            }
            Operation::Unary {
                to,
                operation: Unary::Widen,
                value,
                ..
            } => self.wide[to] = self.registers[value].cast_signed().into(),
            Operation::Unary {
                to,
                operation: Unary::Narrow,
                value,
                ..
            } => self.registers[to] = self.wide[value] as u32,
            Operation::Binary {
                to,
                operation,
                of: ScalarType::I64,
                left,
                right,
            } => self.wide[to] = binary_i64(operation, self.wide[left], self.wide[right]),
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
                    ScalarType::I32 | ScalarType::I64 => {
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
        (Unary::Neg, ScalarType::I32 | ScalarType::I64) => bits.wrapping_neg(),
        (Unary::Nudge, _) => bits.wrapping_sub(bits >> 31),
        (Unary::LeadingZeros, _) => bits.leading_zeros(),
        (Unary::Widen | Unary::Narrow, _) => unreachable!("registers of 64 bits are others"),
    }
}

fn binary_i64(operation: Binary, left: i64, right: i64) -> i64 {
    match operation {
        Binary::Add => left.wrapping_add(right),
        Binary::Mul => left.wrapping_mul(right),
        Binary::RoundedShiftRight => {
            let amount = right & 63;
            left.wrapping_add(1 << (amount - 1)) >> amount
        }
        _ => unreachable!("proven to be an operation on 64 bits"),
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
        Binary::And
        | Binary::ShiftLeft
        | Binary::RoundedProduct(_)
        | Binary::RoundingShiftRight
        | Binary::RoundedShiftRight
        | Binary::ShiftRight => {
            unreachable!("proven to be an operation on integers")
        }
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
        Binary::ShiftRight => left.wrapping_shr(right.cast_unsigned()),
        Binary::RoundedShiftRight => unreachable!("proven to be an operation on 64 bits"),
        Binary::And => left & right,
        Binary::ShiftLeft => left.wrapping_shl(right.cast_unsigned()),
        Binary::RoundedProduct(bits) => {
            let product = i64::from(left) * i64::from(right);
            ((product + (1 << (bits - 1))) >> bits) as i32
        }
        Binary::RoundingShiftRight => {
            let amount = right & 31;
            let mask = ((1_i64 << amount) - 1) as i32;
            let threshold = (mask >> 1) + i32::from(left < 0);
            (left >> amount) + i32::from((left & mask) > threshold)
        }
        Binary::Div if right == 0 => 0,
        Binary::Div => left.wrapping_div(right),
    }
}
