//! One Thumb instruction as far as its cost goes: its row in a timing table and the registers
//! that can make the next instruction wait.

use crate::registers::Registers;

/// What an instruction is to a timing table. Numbers are registers moved, 32 bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Moves, sums, shifts, logic, comparisons, bit fields, saturation and parallel sums.
    Arithmetic,
    /// A 32-bit product.
    Multiply,
    /// A 32-bit product added to or taken from a register.
    MultiplyAccumulate,
    /// Products of 16-bit halves, one or two, added up or not (`SMLAD` and its kin).
    HalfwordMultiply,
    /// A 64-bit product.
    LongMultiply,
    /// A 64-bit product added to a register pair.
    LongMultiplyAccumulate,
    /// An integer quotient.
    Divide,
    /// One register from memory.
    Load,
    /// One register to memory at a base with a constant offset.
    Store,
    /// One register to memory at a sum of two registers.
    StoreIndexed,
    /// Several registers from memory.
    LoadMultiple(u8),
    /// Several registers to memory.
    StoreMultiple(u8),
    /// A jump that is always taken.
    Branch,
    /// A jump on a condition.
    BranchIf,
    /// A function call to a fixed address.
    Call,
    /// A function call through a register.
    CallIndirect,
    /// A jump through a register, which a return may be.
    BranchIndirect,
    /// A jump to an address from memory, with so many other registers: a return.
    LoadBranch(u8),
    /// A jump through a table of offsets.
    BranchTable,
    /// Makes the next one to four instructions conditional.
    IfThen,
    /// Does nothing, or hints.
    Hint,
    /// Waits until memory or the pipeline is at rest.
    Barrier,
    /// System registers, exclusive access, calls of the supervisor.
    System,
    /// Float sums, products, comparisons, conversions, sign changes.
    FloatArithmetic,
    /// A float product added to or taken from a register, fused or not.
    FloatMultiplyAccumulate,
    /// A float quotient or square root.
    FloatDivide,
    /// From float register to float register, or a constant.
    FloatMove,
    /// Between core and float registers.
    FloatTransfer(u8),
    /// One float register from memory, single 1 or double 2.
    FloatLoad(u8),
    /// One float register to memory, single 1 or double 2.
    FloatStore(u8),
    /// Several float registers from memory.
    FloatLoadMultiple(u8),
    /// Several float registers to memory.
    FloatStoreMultiple(u8),
}

/// A decoded instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// Its row in a timing table.
    pub kind: Kind,
    /// 2 or 4.
    pub len_bytes: u8,
    /// Operands that it needs when it begins, those of its address included. What a float
    /// multiply-accumulate adds to is not among them: it is needed later.
    pub reads: Registers,
    /// What its address is made from, for loads and stores.
    pub address: Registers,
    /// Its results, without a base register that it steps along.
    pub writes: Registers,
    /// Whether it jumps to the link register's address or pops the program counter.
    pub is_return: bool,
}

impl Instruction {
    /// Whether a function call.
    #[must_use]
    pub fn is_call(&self) -> bool {
        matches!(self.kind, Kind::Call | Kind::CallIndirect)
    }
}
