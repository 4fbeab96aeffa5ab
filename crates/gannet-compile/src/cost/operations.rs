//! Operations of a stage by kind, and what each kind takes.

use std::ops::{AddAssign, Mul};

use gannet_target::{Timing, float};

/// How often each kind of operation is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Operations {
    /// Runs of a stage.
    pub runs: u64,
    /// Loops that begin.
    pub loops: u64,
    /// Turns of loops.
    pub turns: u64,
    /// Conditions that are looked at.
    pub conditions: u64,
    /// Rows of rings that are named.
    pub wraps: u64,
    /// Integer arithmetic.
    pub integers: u64,
    /// Elements read as integers.
    pub integer_loads: u64,
    /// Elements written as integers.
    pub integer_stores: u64,
    /// Values between core and float registers, or made to floats.
    pub conversions: u64,
    /// Products that are added to sums, of which one is made while another is added.
    pub accumulations: u64,
    /// Other float products, sums, differences and changes of sign.
    pub floats: u64,
    /// Float quotients.
    pub quotients: u64,
    /// The larger or smaller of two floats.
    pub choices: u64,
    /// Floats that are set to a constant or to another one.
    pub moves: u64,
    /// Floats read from memory one by one.
    pub loads: u64,
    /// Weights that are read several at a time.
    pub weights: u64,
    /// How often several weights are read at a time.
    pub weight_blocks: u64,
    /// Floats written to memory.
    pub stores: u64,
    /// Cycles of dot products.
    pub dots: u64,
    /// Loops that do nothing but copy or set memory.
    pub copies: u64,
    /// The words that they copy or set.
    pub copied_words: u64,
}

/// A comparison, its flags to the core, the condition, the move, and the wait for the flags.
const CHOICE: u64 = 4 + float::RESULT_WAIT as u64;
/// The call of a routine that copies or sets memory.
const COPY: u64 = 30;
/// A word of it, four or more a turn.
const COPIED_WORD: u64 = 3;
/// A row of a ring: a product by the modulus' reciprocal, a shift, and a product subtracted.
const WRAP: u64 = 5;

impl Operations {
    /// Cycles by `timing`.
    pub fn cycles(self, timing: &Timing) -> u64 {
        let [branch, load, store, call] =
            [timing.branch, timing.load, timing.store, timing.call].map(u64::from);
        let float_memory = u64::from(float::MEMORY) + 1;
        // A pointer or two is moved on, the end is looked for, and the loop jumps back.
        let turn = 2 + branch;
        // Pointers and the end are worked out; the last jump is not taken.
        let start = 6;
        // Call and return, with registers saved and restored.
        let run = call + branch + 2 * 10;
        // The compiler finds something else to do for every second one that has to wait.
        let float_wait = u64::from(float::RESULT_WAIT);
        self.runs * run
            + self.loops * start
            + self.turns * turn
            + self.conditions * (1 + branch)
            + self.wraps * WRAP
            + self.integers
            + self.integer_loads * load
            + self.integer_stores * store
            + self.conversions
            + self.accumulations * 2
            + self.floats
            + self.floats * float_wait / 2
            + self.quotients * u64::from(float::DIVIDE)
            + self.choices * CHOICE
            + self.moves
            + (self.loads + self.stores) * float_memory
            + self.weights
            + self.weight_blocks * u64::from(float::MEMORY)
            + self.dots
            + self.copies * COPY
            + self.copied_words * COPIED_WORD
    }
}

impl AddAssign for Operations {
    fn add_assign(&mut self, other: Operations) {
        self.runs += other.runs;
        self.loops += other.loops;
        self.turns += other.turns;
        self.conditions += other.conditions;
        self.wraps += other.wraps;
        self.integers += other.integers;
        self.integer_loads += other.integer_loads;
        self.integer_stores += other.integer_stores;
        self.conversions += other.conversions;
        self.accumulations += other.accumulations;
        self.floats += other.floats;
        self.quotients += other.quotients;
        self.choices += other.choices;
        self.moves += other.moves;
        self.loads += other.loads;
        self.stores += other.stores;
        self.weights += other.weights;
        self.weight_blocks += other.weight_blocks;
        self.dots += other.dots;
        self.copies += other.copies;
        self.copied_words += other.copied_words;
    }
}

impl Mul<u64> for Operations {
    type Output = Operations;

    fn mul(self, times: u64) -> Operations {
        Operations {
            runs: self.runs * times,
            loops: self.loops * times,
            turns: self.turns * times,
            conditions: self.conditions * times,
            wraps: self.wraps * times,
            integers: self.integers * times,
            integer_loads: self.integer_loads * times,
            integer_stores: self.integer_stores * times,
            conversions: self.conversions * times,
            accumulations: self.accumulations * times,
            floats: self.floats * times,
            quotients: self.quotients * times,
            choices: self.choices * times,
            moves: self.moves * times,
            loads: self.loads * times,
            stores: self.stores * times,
            weights: self.weights * times,
            weight_blocks: self.weight_blocks * times,
            dots: self.dots * times,
            copies: self.copies * times,
            copied_words: self.copied_words * times,
        }
    }
}
