//! Operations of a stage by kind, and what each kind takes.

use std::ops::{AddAssign, Mul};

use gannet_target::{Timing, float};

use super::Compiler;

/// Declares counts, and how all of them are added and multiplied.
macro_rules! counts {
    ($(#[$of_all:meta])* $name:ident { $($(#[$of_one:meta])* $count:ident,)* }) => {
        $(#[$of_all])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$of_one])* pub $count: u64,)*
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: $name) {
                $(self.$count += other.$count;)*
            }
        }

        impl Mul<u64> for $name {
            type Output = $name;

            fn mul(self, times: u64) -> $name {
                $name {
                    $($count: self.$count * times,)*
                }
            }
        }
    };
}

counts! {
    /// How often each kind of operation is done.
    Operations {
        /// Runs of a stage.
        runs,
        /// Loops that begin.
        loops,
        /// Turns of loops.
        turns,
        /// Loops of one or two turns around a single assignment.
        pairs,
        /// Turns of such loops.
        pair_turns,
        /// Pointers that are moved on, one for each array in each turn of a loop.
        pointers,
        /// Conditions that are looked at.
        conditions,
        /// Variables that another value gives, such as a row's place in its ring.
        derivations,
        /// Integer arithmetic.
        integers,
        /// Elements read as integers.
        integer_loads,
        /// Elements written as integers.
        integer_stores,
        /// Values between core and float registers, or made to floats.
        conversions,
        /// Products that are added to sums, of which one is made while another is added.
        accumulations,
        /// Blocks of them, each with weights that lie side by side.
        blocks,
        /// Sums that may find no register, in each turn of the innermost loop.
        crowded_sums,
        /// Other float products, sums, differences and changes of sign.
        floats,
        /// Float quotients.
        quotients,
        /// The larger or smaller of two floats.
        choices,
        /// Floats that are set to a constant or to another one.
        moves,
        /// Floats read from memory one by one.
        loads,
        /// Weights of blocks.
        weights,
        /// How often several weights are read at a time, where that is done.
        weight_loads,
        /// Weights of blocks that are looked up in a table.
        shared_weights,
        /// Those of them of which two are in a byte.
        paired_weights,
        /// Floats written to memory.
        stores,
        /// Cycles of dot products.
        dots,
        /// Loops that do nothing but copy or set words.
        copies,
        /// The words that they copy or set.
        copied_words,
        /// Loops that do nothing but copy bytes, which may lie anywhere.
        byte_copies,
        /// The bytes that they copy.
        copied_bytes,
    }
}

/// A comparison, its flags to the core, the condition, the move, and the wait for the flags.
const CHOICE: u64 = 4 + float::RESULT_WAIT as u64;
/// The call of a routine that copies or sets memory.
const COPY: u64 = 30;
/// A word of it, four or more a turn.
const COPIED_WORD: u64 = 3;
/// A place, read behind another, and the address of its value.
const SHARED_WEIGHT: u64 = 2;
/// A place cut out of its byte.
const PAIRED_WEIGHT: u64 = 1;
/// A row of a ring: a product by the modulus' reciprocal, whose two halves are set first, a
/// shift, and a product by the length of the ring, set likewise, subtracted.
const DERIVATION: u64 = 7;

impl Operations {
    /// Cycles by `timing` of what `compiler` makes of them.
    pub fn cycles(self, timing: &Timing, compiler: Compiler) -> u64 {
        let [branch, load, store, call] =
            [timing.branch, timing.load, timing.store, timing.call].map(u64::from);
        let memory = u64::from(float::MEMORY);
        let float_memory = memory + 1;
        // The end is looked for, and the loop jumps back.
        let turn = 1 + branch;
        // Pointers and the end are worked out; the last jump is not taken.
        let start = 6;
        // Call and return, with registers saved and restored.
        let run = call + branch + 2 * 10;
        // The compiler finds something else to do for every second one that has to wait.
        let float_wait = u64::from(float::RESULT_WAIT);
        let of_compiler = match compiler {
            // Assembly reads several weights at a time, through a pointer of its own.
            Compiler::Rustc => {
                self.weights
                    + self.weight_loads * memory
                    + self.blocks
                    + self.pairs * start
                    + self.pair_turns * (turn + 1)
                    + self.byte_copies * COPY
                    + self.copied_bytes * (load + store + turn + 2)
            }
            // Weights are read one by one, and early: then sums lie on the stack meanwhile. The
            // shortest loops are written out; loads and stores move their pointers on.
            Compiler::Gcc => {
                (self.weights + 2 * self.crowded_sums) * float_memory
                    + self.copied_bytes * (load + store + turn)
            }
        };
        self.runs * run
            + self.loops * start
            + self.turns * turn
            + self.pointers
            + self.conditions * (1 + branch)
            + self.derivations * DERIVATION
            + self.integers
            + self.integer_loads * load
            + self.integer_stores * store
            + self.conversions
            + self.accumulations * 2
            + self.shared_weights * (SHARED_WEIGHT + float_memory)
            + self.paired_weights * PAIRED_WEIGHT
            + of_compiler
            + self.floats
            + self.floats * float_wait / 2
            + self.quotients * u64::from(float::DIVIDE)
            + self.choices * CHOICE
            + self.moves
            + (self.loads + self.stores) * float_memory
            + self.dots
            + self.copies * COPY
            + self.copied_words * COPIED_WORD
    }
}
