//! Timing tables: cycles an instruction takes, from each core's technical reference manual.
//!
//! All of them suppose memory without wait states, as the manuals' tables do. A range in a manual
//! stands here with its upper end, except for the refill of the pipeline, "1 to 3", which is 2.
//!
//! | core | manual | section |
//! |---|---|---|
//! | Cortex-M0 | DDI 0432C | 3.3, table 3-1 |
//! | Cortex-M0+ | DDI 0484C | 3.3, table 3-1 |
//! | Cortex-M3 | DDI 0337I | 3.3, tables 3-1 and 3.3.3 (load and store timings) |
//! | Cortex-M4 | DDI 0439D | 3.3.1 table 3-1, 3.3.2 table 3-2 (DSP), 3.3.3, 7.2.3 table 7-1 (float) |
//! | Cortex-M7, Cortex-M33 | none is published | the Cortex-M4's stands in |

use crate::instruction::{Instruction, Kind};

/// What a core's instructions cost, in cycles. Whatever is not named takes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Where the figures are from, for people.
    pub source: &'static str,
    /// A 32-bit product added to a register.
    pub multiply_accumulate: u32,
    /// A 64-bit product.
    pub long_multiply: u32,
    /// A 64-bit product added to a register pair.
    pub long_multiply_accumulate: u32,
    /// An integer quotient.
    pub divide: u32,
    /// One register from memory.
    pub load: u32,
    /// One register to memory.
    pub store: u32,
    /// One register to memory at a sum of registers.
    pub store_indexed: u32,
    /// Of a list of registers, beside one for each.
    pub multiple: u32,
    /// A jump that is taken, with the refill of the pipeline.
    pub branch: u32,
    /// A call to a fixed address.
    pub call: u32,
    /// A return by a list of registers, beside one for each with the program counter.
    pub return_multiple: u32,
    /// A jump through a table.
    pub branch_table: u32,
    /// System registers and barriers.
    pub system: u32,
    /// Loads overlap with a load or store right after, which then takes one cycle less.
    pub loads_overlap: bool,
    /// What a load or store waits for an address that the instruction before computed.
    pub address_wait: u32,
    /// A condition's `IT` takes no time behind an instruction of 16 bits.
    pub folds_if_then: bool,
}

/// Float instructions, which only the Cortex-M4's manual has figures for (table 7-1).
pub mod float {
    /// A product added to a register, fused or not.
    pub const MULTIPLY_ACCUMULATE: u32 = 3;
    /// A quotient or square root.
    pub const DIVIDE: u32 = 14;
    /// What an instruction waits for a result of the arithmetic instruction before it.
    pub const RESULT_WAIT: u32 = 1;
    /// Of a load or store, beside one a word.
    pub const MEMORY: u32 = 1;
}

impl Timing {
    pub(crate) const CORTEX_M0: Timing = Timing {
        source: "Arm DDI 0432C, table 3-1; single-cycle multiplier",
        multiply_accumulate: 1,
        long_multiply: 1,
        long_multiply_accumulate: 1,
        divide: 1,
        load: 2,
        store: 2,
        store_indexed: 2,
        multiple: 1,
        branch: 3,
        call: 4,
        return_multiple: 4,
        branch_table: 1,
        system: 4,
        loads_overlap: false,
        address_wait: 0,
        folds_if_then: false,
    };

    pub(crate) const CORTEX_M0_PLUS: Timing = Timing {
        source: "Arm DDI 0484C, table 3-1; single-cycle multiplier",
        branch: 2,
        call: 3,
        return_multiple: 3,
        system: 3,
        ..Timing::CORTEX_M0
    };

    pub(crate) const CORTEX_M3: Timing = Timing {
        source: "Arm DDI 0337I, 3.3; pipeline refill 2, longest products and quotients",
        multiply_accumulate: 2,
        long_multiply: 5,
        long_multiply_accumulate: 7,
        ..Timing::CORTEX_M4
    };

    pub(crate) const CORTEX_M4: Timing = Timing {
        source: "Arm DDI 0439D, 3.3 and 7.2.3; pipeline refill 2, longest quotients",
        multiply_accumulate: 1,
        long_multiply: 1,
        long_multiply_accumulate: 1,
        divide: 12,
        load: 2,
        store: 1,
        store_indexed: 2,
        multiple: 1,
        branch: 3,
        call: 3,
        return_multiple: 3,
        branch_table: 4,
        system: 2,
        loads_overlap: true,
        address_wait: 1,
        folds_if_then: true,
    };

    pub(crate) const CORTEX_M7: Timing = Timing {
        source: "none is published for the Cortex-M7: the Cortex-M4's (DDI 0439D), which issues one \
                 instruction where the M7 can issue two",
        ..Timing::CORTEX_M4
    };

    pub(crate) const CORTEX_M33: Timing = Timing {
        source: "none is published for the Cortex-M33: the Cortex-M4's (DDI 0439D)",
        ..Timing::CORTEX_M4
    };

    /// Cycles of `now` behind `before`, where a jump was `taken` or not. `before` is what the core
    /// executed last, in another block or not.
    #[must_use]
    pub fn cycles(&self, before: Option<&Instruction>, now: &Instruction, taken: bool) -> u32 {
        self.alone(now, taken) + self.wait(before, now) - self.overlap(before, now)
    }

    fn alone(&self, now: &Instruction, taken: bool) -> u32 {
        match now.kind {
            Kind::Arithmetic
            | Kind::Multiply
            | Kind::HalfwordMultiply
            | Kind::IfThen
            | Kind::Hint
            | Kind::FloatArithmetic
            | Kind::FloatMove => 1,
            Kind::MultiplyAccumulate => self.multiply_accumulate,
            Kind::LongMultiply => self.long_multiply,
            Kind::LongMultiplyAccumulate => self.long_multiply_accumulate,
            Kind::Divide => self.divide,
            Kind::Load => self.load,
            Kind::Store => self.store,
            Kind::StoreIndexed => self.store_indexed,
            Kind::LoadMultiple(n) | Kind::StoreMultiple(n) => self.multiple + u32::from(n),
            // A condition of an IT block can keep any of them from happening.
            _ if now.can_jump() && !taken => 1,
            Kind::Branch | Kind::BranchIf | Kind::CallIndirect | Kind::BranchIndirect => {
                self.branch
            }
            Kind::Call => self.call,
            Kind::LoadBranch(n) => self.return_multiple + u32::from(n) + 1,
            Kind::BranchTable => self.branch_table,
            Kind::Barrier | Kind::System => self.system,
            Kind::FloatMultiplyAccumulate => float::MULTIPLY_ACCUMULATE,
            Kind::FloatDivide => float::DIVIDE,
            Kind::FloatTransfer(n) => u32::from(n),
            Kind::FloatLoad(n)
            | Kind::FloatStore(n)
            | Kind::FloatLoadMultiple(n)
            | Kind::FloatStoreMultiple(n) => float::MEMORY + u32::from(n),
        }
    }

    /// Waiting for what the instruction before computes.
    fn wait(&self, before: Option<&Instruction>, now: &Instruction) -> u32 {
        let Some(before) = before else { return 0 };
        match before.kind {
            Kind::Arithmetic
            | Kind::Multiply
            | Kind::MultiplyAccumulate
            | Kind::HalfwordMultiply
            | Kind::LongMultiply
            | Kind::LongMultiplyAccumulate
            | Kind::Divide
                if before.writes.overlaps(now.address) =>
            {
                self.address_wait
            }
            Kind::FloatArithmetic | Kind::FloatMultiplyAccumulate | Kind::FloatDivide
                if before.writes.overlaps(now.reads) =>
            {
                float::RESULT_WAIT
            }
            _ => 0,
        }
    }

    /// What neighbours save each other.
    fn overlap(&self, before: Option<&Instruction>, now: &Instruction) -> u32 {
        let Some(before) = before else { return 0 };
        let saves = match now.kind {
            Kind::Load | Kind::StoreIndexed => {
                self.loads_overlap
                    && before.kind == Kind::Load
                    && !before.writes.overlaps(now.address)
            }
            Kind::IfThen => self.folds_if_then && before.len_bytes == 2,
            _ => false,
        };
        u32::from(saves)
    }
}

impl Instruction {
    /// Whether it can send the program elsewhere than to the next instruction.
    #[must_use]
    pub fn can_jump(&self) -> bool {
        matches!(
            self.kind,
            Kind::Branch
                | Kind::BranchIf
                | Kind::Call
                | Kind::CallIndirect
                | Kind::BranchIndirect
                | Kind::LoadBranch(_)
                | Kind::BranchTable
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::{Core, thumb};

    fn cycles(core: Core, code: &[u16]) -> u32 {
        let bytes: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
        let (mut at, mut total, mut before) = (0, 0, None);
        while at < bytes.len() {
            let now = thumb::decode(&bytes[at..]).expect("the test's code is Thumb");
            total += core.timing().cycles(before.as_ref(), &now, false);
            at += usize::from(now.len_bytes);
            before = Some(now);
        }
        total
    }

    // The manuals' own examples (DDI 0337I, 3.3.3): what neighbouring loads and stores take.
    #[test]
    fn loads_overlap_as_the_manual_says() {
        let m3 = |code: &[u16]| cycles(Core::CortexM3, code);
        // ldr r0,[r1]; ldr r1,[r2]
        assert_eq!(m3(&[0x6808, 0x6811]), 3);
        // ldr r0,[r1,r2]; str r1,[r3,r2]
        assert_eq!(m3(&[0x5888, 0x5099]), 3);
        // ldr r0,[r1,r2]; str r0,[r3,#20]
        assert_eq!(m3(&[0x5888, 0x6158]), 3);
        // ldr r0,[r1,r5]; ldr r1,[r2]; ldr r2,[r3,#4]
        assert_eq!(m3(&[0x5948, 0x6811, 0x685a]), 4);
        // ldr r0,[r1]; ldr r2,[r0]: the address is what was loaded.
        assert_eq!(m3(&[0x6808, 0x6802]), 4);
        // adds r0,#4; ldr r1,[r0]: the address was computed just before.
        assert_eq!(m3(&[0x3004, 0x6801]), 4);
        // ldm r0!,{r1,r2,r3}
        assert_eq!(m3(&[0xc80e]), 4);
        // ldr r0,[r1]; ldr r1,[r2] on a core without overlap
        assert_eq!(cycles(Core::CortexM0, &[0x6808, 0x6811]), 4);
    }

    // DDI 0439D, 7.2.3 and the note below table 7-1.
    #[test]
    fn float_results_make_the_next_instruction_wait() {
        let m4 = |code: &[u16]| cycles(Core::CortexM4F, code);
        // vmul.f32 s0,s1,s2; vadd.f32 s3,s3,s0
        assert_eq!(m4(&[0xee20, 0x0a81, 0xee71, 0x1a80]), 3);
        // vmul.f32 s0,s1,s2; vadd.f32 s3,s3,s4
        assert_eq!(m4(&[0xee20, 0x0a81, 0xee71, 0x1a82]), 2);
        // vmul.f32 s0,s1,s2; vmla.f32 s0,s4,s5: the addend is needed later.
        assert_eq!(m4(&[0xee20, 0x0a81, 0xee02, 0x0a22]), 4);
        // vmul.f32 s0,s1,s2; vmla.f32 s6,s0,s5
        assert_eq!(m4(&[0xee20, 0x0a81, 0xee00, 0x3a22]), 5);
        // vdiv.f32 s0,s1,s2
        assert_eq!(m4(&[0xee80, 0x0a81]), 14);
        // vldmia r0!,{s0-s7}
        assert_eq!(m4(&[0xecb0, 0x0a08]), 9);
    }
}
