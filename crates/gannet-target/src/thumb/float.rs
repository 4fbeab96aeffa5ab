//! Decodes floating-point instructions (DDI 0403, A6): arithmetic, loads and stores, and moves
//! between the banks of registers.

use super::{field, r};
use crate::instruction::{Instruction, Kind};
use crate::registers::Registers;

/// The instruction of these two halfwords; `None` for other coprocessors.
pub(super) fn decode(first: u16, second: u16) -> Option<Instruction> {
    if field(second, 11, 9) != 0b101 {
        return None;
    }
    let double = field(second, 8, 8) == 1;
    let to = operand(field(second, 15, 12), field(first, 6, 6), double);
    if field(first, 9, 9) == 0 {
        return Some(memory(first, second, to, double));
    }
    let with = operand(field(second, 3, 0), field(second, 5, 5), double);
    let left = operand(field(first, 3, 0), field(second, 7, 7), double);
    if field(second, 4, 4) == 1 {
        let core = r(field(second, 15, 12));
        let is_to_core = field(first, 4, 4) == 1;
        let is_status = field(first, 7, 5) == 0b111;
        let float = if is_status {
            Registers::FLOAT_STATUS
        } else {
            left
        };
        let (reads, writes) = if is_to_core {
            (float, core)
        } else {
            (core, float)
        };
        return Some(Instruction::plain(Kind::FloatTransfer(1), reads, writes));
    }
    Some(arithmetic(first, second, to, left, with))
}

/// Float loads, stores and moves of pairs (A6.5, A6.7).
fn memory(first: u16, second: u16, to: Registers, double: bool) -> Instruction {
    let is_load = field(first, 4, 4) == 1;
    if field(first, 8, 5) == 0b0010 {
        let pair = r(field(second, 15, 12)) | r(field(first, 3, 0));
        let float = if double {
            operand(field(second, 3, 0), field(second, 5, 5), true)
        } else {
            let lower = field(second, 3, 0) << 1 | field(second, 5, 5);
            Registers::float(lower) | Registers::float(lower + 1)
        };
        let (reads, writes) = if is_load {
            (float, pair)
        } else {
            (pair, float)
        };
        return Instruction::plain(Kind::FloatTransfer(2), reads, writes);
    }
    let base = r(field(first, 3, 0));
    let is_single = field(first, 8, 8) == 1 && field(first, 5, 5) == 0;
    if is_single {
        let words = if double { 2 } else { 1 };
        return if is_load {
            Instruction::load(Kind::FloatLoad(words), base, to)
        } else {
            Instruction::store(Kind::FloatStore(words), base, to)
        };
    }
    let words = field(second, 7, 0) & !u16::from(double);
    let from = if double {
        2 * (field(first, 6, 6) << 4 | field(second, 15, 12))
    } else {
        field(second, 15, 12) << 1 | field(first, 6, 6)
    };
    let all = (from..from + words).fold(Registers::NONE, |all, number| {
        all | Registers::float(number)
    });
    if is_load {
        Instruction::load(Kind::FloatLoadMultiple(words as u8), base, all)
    } else {
        Instruction::store(Kind::FloatStoreMultiple(words as u8), base, all)
    }
}

/// Float data processing (A6.4).
fn arithmetic(
    first: u16,
    second: u16,
    to: Registers,
    left: Registers,
    with: Registers,
) -> Instruction {
    let operation = field(first, 7, 7) << 2 | field(first, 5, 4);
    // VSEL, VMAXNM, VMINNM and the roundings of later cores.
    let is_later = field(first, 12, 12) == 1;
    if is_later {
        return Instruction::plain(Kind::FloatArithmetic, left | with, to);
    }
    match operation {
        0b000 | 0b001 | 0b101 | 0b110 => {
            Instruction::plain(Kind::FloatMultiplyAccumulate, left | with, to)
        }
        0b010 | 0b011 => Instruction::plain(Kind::FloatArithmetic, left | with, to),
        0b100 => Instruction::plain(Kind::FloatDivide, left | with, to),
        _ => match (field(first, 3, 0), field(second, 7, 6)) {
            (_, 0b00 | 0b10) => Instruction::plain(Kind::FloatMove, Registers::NONE, to),
            (0b0000, 0b01) => Instruction::plain(Kind::FloatMove, with, to),
            (0b0001, 0b11) => Instruction::plain(Kind::FloatDivide, with, to),
            (0b0100, _) => {
                Instruction::plain(Kind::FloatArithmetic, to | with, Registers::FLOAT_STATUS)
            }
            (0b0101, _) => Instruction::plain(Kind::FloatArithmetic, to, Registers::FLOAT_STATUS),
            _ => Instruction::plain(Kind::FloatArithmetic, with, to),
        },
    }
}

/// A float operand: four bits of a halfword and the bit that makes them five.
fn operand(four: u16, one: u16, double: bool) -> Registers {
    let number = if double {
        one << 4 | four
    } else {
        four << 1 | one
    };
    Registers::float_operand(number, double)
}
