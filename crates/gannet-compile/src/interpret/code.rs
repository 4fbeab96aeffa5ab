//! What the interpreter runs: nested loops of operations on registers and memory.

use std::ops::Range;

use crate::ir::{Affine, Binary, Counter, Derivation, Element, ScalarType, Unary, Variable};

/// A register: a scalar, or a temporary behind them.
pub(super) type Register = usize;

/// `bases[base] + offset`, in bytes of memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address {
    pub(super) base: usize,
    pub(super) offset: i64,
}

/// A whole Program.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) body: Vec<Node>,
    pub(super) registers: usize,
    pub(super) bases: usize,
    pub(super) counters: usize,
    /// The bytes of memory that are not constants.
    pub(super) arena: Range<usize>,
    /// Where an image is put, or each of its rows.
    pub(super) input: Range<usize>,
    /// Bytes of an image.
    pub(super) image: usize,
    pub(super) output: Range<usize>,
}

/// A loop, a condition or an operation.
#[derive(Debug)]
pub(super) enum Node {
    Loop {
        variable: Variable,
        from: Vec<Affine>,
        to: Vec<Affine>,
        /// Bases that depend on the variable: `bases[own] = bases[outer] + step · variable`.
        bases: Vec<Base>,
        body: Vec<Node>,
    },
    /// A loop that goes on where its counter stands.
    Resume {
        counter: Counter,
        variable: Variable,
        to: Vec<Affine>,
        body: Vec<Node>,
    },
    /// A variable that `value` gives.
    Derive {
        variable: Variable,
        value: Affine,
        by: Derivation,
        bases: Vec<Base>,
        body: Vec<Node>,
    },
    If(Vec<Affine>, Vec<Node>),
    /// What comes next of the image, its next row or all of it, is put there.
    Take(Range<usize>),
    Dot(Products),
    Merge(Bytes),
    /// A stage has run.
    Ran,
    Do(Operation),
}

/// Dot products of bytes.
#[derive(Debug)]
pub(super) struct Products {
    /// `[channels, positions]`.
    pub(super) sums: Vec<Register>,
    pub(super) positions: usize,
    pub(super) inputs: (Element, Address),
    /// Bytes from one position to the next.
    pub(super) step: usize,
    pub(super) weights: (Element, Address),
    /// The input and the channel of each weight.
    pub(super) order: Vec<(usize, usize)>,
}

/// Bytes that become as large as others.
#[derive(Debug)]
pub(super) struct Bytes {
    pub(super) target: Address,
    /// Registers, or bytes of memory from a place on.
    pub(super) others: Result<Vec<Register>, Address>,
    pub(super) count: usize,
}

/// One sum of loop variables' multiples, kept up to date.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base {
    pub(super) own: usize,
    pub(super) outer: usize,
    pub(super) step: i64,
}

/// What is done to registers and memory.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
    Constant {
        to: Register,
        bits: u32,
    },
    Copy {
        to: Register,
        from: Register,
    },
    /// `to = from`, of 64 bits.
    WideCopy {
        to: Register,
        from: Register,
    },
    Load {
        to: Register,
        element: Element,
        address: Address,
    },
    /// `to = memory[bases + element · (register's bits of the mask)]`.
    Lookup {
        to: Register,
        mask: u32,
        element: Element,
        address: Address,
        place: Register,
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
    /// `to += left · right`, the product rounded before it is added: what nearly all time is
    /// spent in.
    MultiplyAdd {
        of: ScalarType,
        to: Register,
        left: Register,
        right: Register,
    },
}
