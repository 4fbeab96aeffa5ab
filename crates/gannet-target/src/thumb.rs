//! Decodes Thumb instructions as far as their cost goes: bytes in, an [`Instruction`] out.
//!
//! Encodings: ARMv7-M Architecture Reference Manual (DDI 0403), A5; floating point, A6, is in
//! `float`. Section numbers beside the functions are that manual's.

use crate::instruction::{Instruction, Kind};
use crate::registers::Registers;

mod float;

const STACK_POINTER: u16 = 13;
const LINK: u16 = 14;
const PROGRAM_COUNTER: u16 = 15;

/// The instruction at the beginning of `code`; `None` where none begins.
#[must_use]
pub fn decode(code: &[u8]) -> Option<Instruction> {
    let first = halfword(code, 0)?;
    if first >> 11 < 0b11101 {
        narrow(first)
    } else {
        wide(first, halfword(code, 2)?)
    }
}

fn halfword(code: &[u8], at: usize) -> Option<u16> {
    code.get(at..at + 2)?
        .try_into()
        .ok()
        .map(u16::from_le_bytes)
}

fn r(number: u16) -> Registers {
    Registers::core(number)
}

/// The registers of a list of bits, bit 0 for register 0.
fn list(bits: u16) -> Registers {
    (0..16)
        .filter(|number| bits >> number & 1 == 1)
        .fold(Registers::NONE, |all, number| all | r(number))
}

/// The bits `high..=low` of `word`.
const fn field(word: u16, high: u16, low: u16) -> u16 {
    word >> low & ((1 << (high - low + 1)) - 1)
}

impl Instruction {
    fn plain(kind: Kind, reads: Registers, writes: Registers) -> Instruction {
        Instruction {
            kind,
            len_bytes: 2,
            reads,
            address: Registers::NONE,
            writes,
            is_return: false,
        }
    }

    fn load(kind: Kind, address: Registers, writes: Registers) -> Instruction {
        Instruction {
            address,
            ..Instruction::plain(kind, address, writes)
        }
    }

    fn store(kind: Kind, address: Registers, stored: Registers) -> Instruction {
        Instruction {
            address,
            ..Instruction::plain(kind, address | stored, Registers::NONE)
        }
    }

    /// Results that go to the program counter make a jump.
    fn jumping(self) -> Instruction {
        if !self.writes.overlaps(r(PROGRAM_COUNTER)) {
            return self;
        }
        let kind = match self.kind {
            Kind::Load => Kind::LoadBranch(0),
            Kind::LoadMultiple(registers) => Kind::LoadBranch(registers - 1),
            _ => Kind::BranchIndirect,
        };
        let pops = self.address.overlaps(r(STACK_POINTER));
        let link = kind == Kind::BranchIndirect && self.reads == r(LINK);
        Instruction {
            kind,
            is_return: pops || link,
            ..self
        }
    }
}

/// Instructions of 16 bits (A5.2).
fn narrow(word: u16) -> Option<Instruction> {
    use Instruction as I;
    let (low, middle, high) = (field(word, 2, 0), field(word, 5, 3), field(word, 8, 6));
    let wide_low = field(word, 10, 8);
    let instruction = match word >> 11 {
        0b00000..=0b00010 => I::plain(Kind::Arithmetic, r(middle), r(low)),
        0b00011 => {
            let second = if field(word, 10, 10) == 0 {
                r(high)
            } else {
                Registers::NONE
            };
            I::plain(Kind::Arithmetic, r(middle) | second, r(low))
        }
        0b00100 => I::plain(Kind::Arithmetic, Registers::NONE, r(wide_low)),
        0b00101 => I::plain(Kind::Arithmetic, r(wide_low), Registers::NONE),
        0b00110 | 0b00111 => I::plain(Kind::Arithmetic, r(wide_low), r(wide_low)),
        0b01000 if field(word, 10, 10) == 0 => data_processing(word),
        0b01000 => return Some(special_data(word)),
        0b01001 => I::load(Kind::Load, r(PROGRAM_COUNTER), r(wide_low)),
        0b01010 | 0b01011 => {
            let address = r(middle) | r(high);
            if field(word, 11, 9) < 0b011 {
                I::store(Kind::StoreIndexed, address, r(low))
            } else {
                I::load(Kind::Load, address, r(low))
            }
        }
        0b01100 | 0b01110 | 0b10000 => I::store(Kind::Store, r(middle), r(low)),
        0b01101 | 0b01111 | 0b10001 => I::load(Kind::Load, r(middle), r(low)),
        0b10010 => I::store(Kind::Store, r(STACK_POINTER), r(wide_low)),
        0b10011 => I::load(Kind::Load, r(STACK_POINTER), r(wide_low)),
        0b10100 => I::plain(Kind::Arithmetic, Registers::NONE, r(wide_low)),
        0b10101 => I::plain(Kind::Arithmetic, r(STACK_POINTER), r(wide_low)),
        0b10110 | 0b10111 => return miscellaneous(word),
        0b11000 => multiple(false, wide_low, field(word, 7, 0)),
        0b11001 => multiple(true, wide_low, field(word, 7, 0)),
        0b11010 | 0b11011 => match field(word, 11, 8) {
            0b1110 => return None,
            0b1111 => I::plain(Kind::System, Registers::NONE, Registers::NONE),
            _ => I::plain(Kind::BranchIf, Registers::NONE, Registers::NONE),
        },
        _ => I::plain(Kind::Branch, Registers::NONE, Registers::NONE),
    };
    Some(instruction)
}

/// Two low registers (A5.2.2).
fn data_processing(word: u16) -> Instruction {
    let (destination, other) = (field(word, 2, 0), field(word, 5, 3));
    let both = r(destination) | r(other);
    match field(word, 9, 6) {
        // TST, CMP, CMN.
        0b1000 | 0b1010 | 0b1011 => Instruction::plain(Kind::Arithmetic, both, Registers::NONE),
        // RSB and MVN read one.
        0b1001 | 0b1111 => Instruction::plain(Kind::Arithmetic, r(other), r(destination)),
        0b1101 => Instruction::plain(Kind::Multiply, both, r(destination)),
        _ => Instruction::plain(Kind::Arithmetic, both, r(destination)),
    }
}

/// High registers, and jumps through registers (A5.2.3).
fn special_data(word: u16) -> Instruction {
    let destination = field(word, 7, 7) << 3 | field(word, 2, 0);
    let other = field(word, 6, 3);
    let none = Registers::NONE;
    match field(word, 9, 8) {
        0b00 => {
            let reads = r(destination) | r(other);
            Instruction::plain(Kind::Arithmetic, reads, r(destination)).jumping()
        }
        0b01 => Instruction::plain(Kind::Arithmetic, r(destination) | r(other), none),
        0b10 => Instruction::plain(Kind::Arithmetic, r(other), r(destination)).jumping(),
        _ if field(word, 7, 7) == 1 => Instruction::plain(Kind::CallIndirect, r(other), none),
        _ => Instruction::plain(Kind::Arithmetic, r(other), r(PROGRAM_COUNTER)).jumping(),
    }
}

/// Miscellaneous 16-bit instructions (A5.2.5).
fn miscellaneous(word: u16) -> Option<Instruction> {
    let (low, middle) = (field(word, 2, 0), field(word, 5, 3));
    let none = Registers::NONE;
    Some(match field(word, 11, 8) {
        0b0000 => Instruction::plain(Kind::Arithmetic, r(STACK_POINTER), r(STACK_POINTER)),
        0b0001 | 0b0011 | 0b1001 | 0b1011 => Instruction::plain(Kind::BranchIf, r(low), none),
        0b0010 | 0b1010 => Instruction::plain(Kind::Arithmetic, r(middle), r(low)),
        0b0100 | 0b0101 => {
            let stored = field(word, 7, 0) | field(word, 8, 8) << LINK;
            multiple(false, STACK_POINTER, stored)
        }
        0b0110 | 0b1110 => Instruction::plain(Kind::System, none, none),
        0b1100 | 0b1101 => {
            let loaded = field(word, 7, 0) | field(word, 8, 8) << PROGRAM_COUNTER;
            multiple(true, STACK_POINTER, loaded)
        }
        0b1111 if field(word, 3, 0) != 0 => Instruction::plain(Kind::IfThen, none, none),
        0b1111 => Instruction::plain(Kind::Hint, none, none),
        _ => return None,
    })
}

/// A list of registers at `base`, which the stack's instructions are too.
fn multiple(is_load: bool, base: u16, registers: u16) -> Instruction {
    let count = registers.count_ones() as u8;
    if is_load {
        Instruction::load(Kind::LoadMultiple(count), r(base), list(registers)).jumping()
    } else {
        Instruction::store(Kind::StoreMultiple(count), r(base), list(registers))
    }
}

/// Instructions of 32 bits (A5.3).
fn wide(first: u16, second: u16) -> Option<Instruction> {
    let group = field(first, 10, 4);
    let is_coprocessor = first >> 10 & 0b111 == 0b011 || first >> 10 & 0b111 == 0b111;
    let instruction = if first >> 11 == 0b11110 {
        if second >> 15 == 0 {
            immediate(first, second)
        } else {
            branch_or_control(first, second)
        }
    } else if is_coprocessor {
        float::decode(first, second)?
    } else if first >> 11 == 0b11101 {
        match group {
            0b000_0000..=0b001_1111 if group & 0b100 == 0 => {
                multiple(field(first, 4, 4) == 1, field(first, 3, 0), second)
            }
            0b000_0000..=0b001_1111 => dual_or_table(first, second),
            _ => shifted_register(first, second),
        }
    } else {
        match group {
            0b000_0000..=0b001_1111 => single(first, second),
            0b010_0000..=0b010_1111 => register(first, second),
            0b011_0000..=0b011_0111 => multiply(first, second),
            _ => long_multiply(first, second),
        }
    };
    Some(Instruction {
        len_bytes: 4,
        ..instruction
    })
}

/// Data processing with a constant (A5.3.1, A5.3.3).
fn immediate(first: u16, second: u16) -> Instruction {
    let (operand, destination) = (field(first, 3, 0), field(second, 11, 8));
    let operation = field(first, 8, 4);
    if field(first, 9, 9) == 1 {
        // MOVW writes alone; MOVT and BFI keep a part of what was there.
        let reads = match operation {
            0b00100 => Registers::NONE,
            0b01100 => r(destination),
            0b10110 => r(destination) | source(operand),
            _ => source(operand),
        };
        return Instruction::plain(Kind::Arithmetic, reads, r(destination));
    }
    compare_or_write(operand, Registers::NONE, destination)
}

/// Data processing of a register and a shifted one (A5.3.11).
fn shifted_register(first: u16, second: u16) -> Instruction {
    let (operand, destination) = (field(first, 3, 0), field(second, 11, 8));
    compare_or_write(operand, r(field(second, 3, 0)), destination)
}

/// With 15 as destination a comparison, with 15 as operand a move.
fn compare_or_write(operand: u16, other: Registers, destination: u16) -> Instruction {
    let writes = if destination == PROGRAM_COUNTER {
        Registers::NONE
    } else {
        r(destination)
    };
    Instruction::plain(Kind::Arithmetic, source(operand) | other, writes)
}

/// A register that is read, where 15 stands for none.
fn source(number: u16) -> Registers {
    if number == PROGRAM_COUNTER {
        Registers::NONE
    } else {
        r(number)
    }
}

/// Branches and system control (A5.3.4).
fn branch_or_control(first: u16, second: u16) -> Instruction {
    let none = Registers::NONE;
    let kind = match (field(second, 14, 14), field(second, 12, 12)) {
        (1, _) => Kind::Call,
        (0, 1) => Kind::Branch,
        _ if field(first, 9, 7) != 0b111 => Kind::BranchIf,
        _ => match field(first, 10, 4) {
            0b011_1010 => Kind::Hint,
            0b011_1011 => Kind::Barrier,
            _ => Kind::System,
        },
    };
    Instruction::plain(kind, none, none)
}

/// Two words, exclusive access, jumps through tables (A5.3.6).
fn dual_or_table(first: u16, second: u16) -> Instruction {
    let base = r(field(first, 3, 0));
    let (one, two) = (field(second, 15, 12), field(second, 11, 8));
    let indexed_or_stepped = field(first, 8, 8) == 1 || field(first, 5, 5) == 1;
    match (indexed_or_stepped, field(first, 4, 4)) {
        (true, 1) => Instruction::load(Kind::LoadMultiple(2), base, r(one) | r(two)),
        (true, _) => Instruction::store(Kind::StoreMultiple(2), base, r(one) | r(two)),
        (false, 1) if field(first, 7, 7) == 1 && field(second, 7, 5) == 0 => Instruction::load(
            Kind::BranchTable,
            base | r(field(second, 3, 0)),
            Registers::NONE,
        ),
        (false, 1) => Instruction::load(Kind::System, base, r(one)),
        _ => Instruction::store(Kind::System, base, r(one)),
    }
}

/// One register to or from memory (A5.3.7 to A5.3.10).
fn single(first: u16, second: u16) -> Instruction {
    let (base, register) = (field(first, 3, 0), field(second, 15, 12));
    // Only the form without a constant of 12 bits and without bit 11 adds a second register.
    let is_indexed =
        base != PROGRAM_COUNTER && field(first, 7, 7) == 0 && field(second, 11, 6) == 0;
    let address = if is_indexed {
        r(base) | r(field(second, 3, 0))
    } else {
        r(base)
    };
    if field(first, 4, 4) == 0 {
        let kind = if is_indexed {
            Kind::StoreIndexed
        } else {
            Kind::Store
        };
        Instruction::store(kind, address, r(register))
    } else if register == PROGRAM_COUNTER && field(first, 6, 5) != 0b10 {
        // A load of less than a word to nowhere preloads.
        Instruction::plain(Kind::Hint, address, Registers::NONE)
    } else {
        Instruction::load(Kind::Load, address, r(register)).jumping()
    }
}

/// Shifts by registers, extensions, parallel sums (A5.3.12).
fn register(first: u16, second: u16) -> Instruction {
    let reads = source(field(first, 3, 0)) | r(field(second, 3, 0));
    Instruction::plain(Kind::Arithmetic, reads, r(field(second, 11, 8)))
}

/// Products of 32 bits (A5.3.16).
fn multiply(first: u16, second: u16) -> Instruction {
    let added = field(second, 15, 12);
    let reads = r(field(first, 3, 0)) | r(field(second, 3, 0)) | source(added);
    let kind = match field(first, 6, 4) {
        0b000 if added == PROGRAM_COUNTER => Kind::Multiply,
        0b000 => Kind::MultiplyAccumulate,
        0b101 | 0b110 => Kind::MultiplyAccumulate,
        _ => Kind::HalfwordMultiply,
    };
    Instruction::plain(kind, reads, r(field(second, 11, 8)))
}

/// Products of 64 bits and quotients (A5.3.17).
fn long_multiply(first: u16, second: u16) -> Instruction {
    let factors = r(field(first, 3, 0)) | r(field(second, 3, 0));
    let (low, high) = (r(field(second, 15, 12)), r(field(second, 11, 8)));
    match (field(first, 6, 4), field(second, 7, 4)) {
        (0b001 | 0b011, _) => Instruction::plain(Kind::Divide, factors, high),
        (0b000 | 0b010, _) => Instruction::plain(Kind::LongMultiply, factors, low | high),
        (_, 0b1000..=0b1111) => {
            Instruction::plain(Kind::HalfwordMultiply, factors | low | high, low | high)
        }
        _ => Instruction::plain(
            Kind::LongMultiplyAccumulate,
            factors | low | high,
            low | high,
        ),
    }
}
