//! Dot products in the instructions of a core with the DSP extension.
//!
//! A word of inputs is widened to two pairs of 16-bit integers (UXTB16, SXTB16), and SMLAD adds
//! two products to a sum (Armv7-M ARM, DDI 0403E, A7.7). Where each channel has inputs of its own,
//! SMLABB and SMLATT add one to each of two channels' sums. All sums stay in registers over all rows
//! of a window. A load stands behind another where it can: then it takes one cycle and not two
//! (Arm DDI 0439D, 3.3.3).

use std::ops::Range;

use super::dot::Shape;
use super::writer::Writer;
use crate::Zeros;
use crate::ir::{Element, Reads, WORD};

/// Registers that a compiler gives to assembly by name. It may need r6 and r7 for itself, so where
/// more registers have a use, these two are kept on the stack meanwhile.
const NAMED: [&str; 12] = [
    "r0", "r1", "r2", "r3", "r4", "r5", "r8", "r9", "r10", "r11", "r12", "lr",
];
/// The farthest that an address may be from a register.
const FARTHEST: usize = 4095;
/// Words that are written out one by one; more are a loop.
const MOST_WRITTEN_OUT: usize = 4;

/// Instructions of one turn of such a loop where there is one position, and so little to do.
const MOST_IN_A_TURN: usize = 80;

/// The instructions for one shape, with `<name>` for an operand's register.
pub(super) struct Assembly {
    shape: Shape,
    /// Whether r6 and r7 take the weights.
    is_tight: bool,
    /// Words that a turn of the loop over words multiplies, if there is one.
    turn: Option<usize>,
    lines: Vec<String>,
}

impl Assembly {
    /// None if the registers are too few, or addresses too far from one another.
    pub(super) fn of(shape: Shape) -> Option<Assembly> {
        let operands = shape.sums() + 2 + temporaries(shape);
        if let Reads::Own(apart) = shape.reads {
            return Assembly::of_own(shape, apart, operands);
        }
        let words = shape.run / WORD;
        let turn = (words > MOST_WRITTEN_OUT).then(|| {
            let fit =
                |turn: &usize| shape.positions > 1 || turn * instructions(shape) <= MOST_IN_A_TURN;
            let turns = (2..=MOST_WRITTEN_OUT).rev().filter(fit);
            turns.min_by_key(|turn| words % turn).unwrap_or(1)
        });
        let nearest_words = turn.map_or(words, |turn| turn + words % turn) + 1;
        let input = (shape.positions - 1) * shape.step + nearest_words * WORD;
        let input = input * shape.inputs.bytes();
        let weights = nearest_words * WORD * shape.channels * 2;
        if operands > NAMED.len() || input.max(weights) > FARTHEST {
            return None;
        }
        let mut assembly = Assembly {
            shape,
            is_tight: operands + 2 > NAMED.len(),
            turn,
            lines: Vec::new(),
        };
        assembly.write();
        Some(assembly)
    }

    /// Where each channel has inputs of its own, so far apart.
    fn of_own(shape: Shape, apart: usize, operands: usize) -> Option<Assembly> {
        let farthest = (shape.positions - 1) * shape.step + (shape.run - 1) * apart;
        let farthest = farthest * shape.inputs.bytes();
        let is_word =
            shape.channels == WORD / shape.inputs.bytes() && shape.run <= 2 * MOST_WRITTEN_OUT;
        if !is_word || operands > NAMED.len() || farthest > FARTHEST {
            return None;
        }
        let mut assembly = Assembly {
            shape,
            is_tight: operands + 2 > NAMED.len(),
            turn: None,
            lines: Vec::new(),
        };
        assembly.write();
        Some(assembly)
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// How often the loop over a row's words turns, if there is one.
    pub(super) fn turns(&self) -> usize {
        self.turn.map_or(0, |turn| self.shape.run / WORD / turn)
    }

    fn line(&mut self, line: String) {
        self.lines.push(line);
    }

    /// The registers of two weights.
    fn weights(&self) -> [&'static str; 2] {
        if self.is_tight {
            ["r6", "r7"]
        } else {
            ["<a>", "<b>"]
        }
    }

    fn write(&mut self) {
        let Shape { rows, run, .. } = self.shape;
        let input_bytes = self.shape.inputs.bytes();
        let ends = ends(self.shape);
        let weight_bytes = if self.shape.are_wide { 2 } else { 1 };
        let row_bytes = self.shape.weights() * weight_bytes;
        let [end, _] = self.weights();
        // On the stack: where the weights of the last row end, those of the last before the
        // ring's end, and those of this row's words.
        let kept = if self.is_tight { 8 } else { 0 };
        let word_end = kept;
        let row_end = kept + if self.turn.is_some() { 4 } else { 0 };
        for end in 0..ends {
            self.line(format!("push {{<t{end}>}}"));
        }
        if self.turn.is_some() {
            self.line("push {<t0>}".to_owned());
        }
        if self.is_tight {
            self.line("push {r6, r7}".to_owned());
        }
        if rows.is_some() {
            self.line("2:".to_owned());
        }
        let skips = self.skips();
        if let Some(last) = skips {
            self.line("ldr <t0>, [<input>]".to_owned());
            if last > 0 {
                self.line(format!("ldr <t1>, [<input>, #{last}]"));
                self.line("orrs <t0>, <t0>, <t1>".to_owned());
            } else {
                self.line("cmp <t0>, #0".to_owned());
            }
            self.line("beq 5f".to_owned());
        }
        let words = match self.shape.reads {
            Reads::Shared => run / WORD,
            Reads::Own(_) => 0,
        };
        let (mut moved, mut moved_bytes, mut place) = (0, 0, 0);
        if let Some(turn) = self.turn {
            let turns = words / turn;
            let bytes = turn * WORD * self.shape.channels * weight_bytes;
            self.move_on(end, "<weights>", (turns * bytes) as i64);
            self.line(format!("str {end}, [sp, #{word_end}]"));
            self.line("3:".to_owned());
            for word in 0..turn {
                place = self.word(word * WORD, place);
            }
            self.move_on("<input>", "<input>", (turn * WORD * input_bytes) as i64);
            self.move_on("<weights>", "<weights>", bytes as i64);
            self.line(format!("ldr {end}, [sp, #{word_end}]"));
            self.line(format!("cmp <weights>, {end}"));
            self.line("bne 3b".to_owned());
            (moved, moved_bytes, place) = (turns * turn * WORD, turns * bytes, 0);
        }
        for word in moved / WORD..words {
            place = self.word(word * WORD - moved, place);
        }
        for input in words * WORD..run {
            place = match self.shape.reads {
                Reads::Shared => self.single(input - moved, place),
                Reads::Own(apart) => self.own(input * apart, place),
            };
        }
        if skips.is_some() {
            self.line("5:".to_owned());
        }
        if let Some(rows) = rows {
            let on = (rows.distance as i64 - moved as i64) * input_bytes as i64;
            self.move_on("<input>", "<input>", on);
            self.move_on("<weights>", "<weights>", (row_bytes - moved_bytes) as i64);
            self.line(format!("ldr {end}, [sp, #{row_end}]"));
            self.line(format!("cmp <weights>, {end}"));
            self.line("bne 2b".to_owned());
            if let Some(back) = rows.back() {
                self.line(format!("ldr {end}, [sp, #{}]", row_end + 4));
                self.line(format!("cmp <weights>, {end}"));
                self.line("beq 4f".to_owned());
                self.line(format!("str {end}, [sp, #{row_end}]"));
                self.move_on("<input>", "<input>", -((back * input_bytes) as i64));
                self.line("b 2b".to_owned());
                self.line("4:".to_owned());
            }
        }
        if self.is_tight {
            self.line("pop {r6, r7}".to_owned());
        }
        let slots = 4 * (ends + usize::from(self.turn.is_some()));
        if slots > 0 {
            self.line(format!("add sp, sp, #{slots}"));
        }
    }

    /// Where the second of the two words begins that hold all inputs of a row, where rows of
    /// zeros are to be passed over and there are no more words than that.
    fn skips(&self) -> Option<usize> {
        let Shape {
            positions,
            step,
            run,
            zeros,
            ..
        } = self.shape;
        let span = (positions - 1) * step + run;
        let fit = WORD..=2 * WORD;
        let is_short = self.turn.is_none() && fit.contains(&span) && positions > 1;
        let are_bytes = self.shape.inputs != Element::I16;
        (zeros == Zeros::Skipped && is_short && are_bytes).then(|| span - WORD)
    }

    /// `to = from + distance`.
    fn move_on(&mut self, to: &str, from: &str, distance: i64) {
        let [free, _] = self.weights();
        match distance {
            0 if to == from => {}
            -4095..=-1 => self.line(format!("sub {to}, {from}, #{}", -distance)),
            0..=4095 => self.line(format!("add {to}, {from}, #{distance}")),
            _ => {
                let bits = distance as u32;
                self.line(format!("movw {free}, #{}", bits & 0xffff));
                self.line(format!("movt {free}, #{}", bits >> 16));
                self.line(format!("add {to}, {from}, {free}"));
            }
        }
    }

    /// Four inputs of each position from `input` on, with weights from byte `place` on; tells
    /// where the next weights lie.
    fn word(&mut self, input: usize, place: usize) -> usize {
        let Shape {
            positions,
            are_wide,
            ..
        } = self.shape;
        let bytes = self.shape.channels * WORD;
        for half in 0..2 {
            let odd = if half == 1 { ", ror #8" } else { "" };
            let place = if are_wide {
                place + half * bytes
            } else {
                place
            };
            let widen = self.widening();
            // A word of bytes is loaded for each half, one of 16 bits is a half.
            let first = if widen.is_some() {
                input
            } else {
                input + 2 * half
            };
            self.inputs("ldr", first);
            for pair in self.pairs() {
                self.pair("ldr", &pair, place, WORD);
                for position in (0..positions).filter(|_| pair.start == 0) {
                    if let Some(widen) = widen {
                        self.line(format!("{widen} <t{position}>, <t{position}>{odd}"));
                    }
                }
                for (_, weight) in pair.clone().zip(self.weights()).filter(|_| !are_wide) {
                    self.line(format!("sxtb16 {weight}, {weight}{odd}"));
                }
                self.products("smlad", pair);
            }
        }
        place + bytes * if are_wide { 2 } else { 1 }
    }

    /// What makes pairs of 16 bits of a word of inputs, where they are bytes.
    fn widening(&self) -> Option<&'static str> {
        match self.shape.inputs {
            Element::I16 => None,
            Element::U8 => Some("uxtb16"),
            _ => Some("sxtb16"),
        }
    }

    /// One input of each position.
    fn single(&mut self, input: usize, place: usize) -> usize {
        let (load, bytes) = if self.shape.are_wide {
            ("ldrsh", 2)
        } else {
            ("ldrsb", 1)
        };
        let load_input = match self.shape.inputs {
            Element::I16 => "ldrsh",
            Element::U8 => "ldrb",
            _ => "ldrsb",
        };
        self.inputs(load_input, input);
        for pair in self.pairs() {
            self.pair(load, &pair, place, bytes);
            self.products("mla", pair);
        }
        place + self.shape.channels * bytes
    }

    /// One input of each of a word's channels of each position.
    fn own(&mut self, input: usize, place: usize) -> usize {
        match self.widening() {
            Some(widen) => self.own_bytes(widen, input, place),
            None => self.own_pairs(input, place),
        }
    }

    /// The same of four channels whose inputs are bytes.
    fn own_bytes(&mut self, widen: &str, input: usize, place: usize) -> usize {
        let Shape {
            positions,
            are_wide,
            ..
        } = self.shape;
        let [weight, pair] = self.weights();
        for half in 0..2 {
            let odd = if half == 1 { ", ror #8" } else { "" };
            let place = if are_wide { place + half * WORD } else { place };
            self.line(format!("ldr {weight}, [<weights>, #{place}]"));
            if half == 0 {
                self.inputs("ldr", input);
            }
            if !are_wide {
                self.line(format!("sxtb16 {weight}, {weight}{odd}"));
            }
            for position in 0..positions {
                self.line(format!("{widen} {pair}, <t{position}>{odd}"));
                self.own_products(pair, position, [half, half + 2]);
            }
        }
        place + WORD * if are_wide { 2 } else { 1 }
    }

    /// The same of two channels whose inputs have 16 bits.
    fn own_pairs(&mut self, input: usize, place: usize) -> usize {
        let Shape {
            positions, step, ..
        } = self.shape;
        let [weight, third] = self.weights();
        self.line(format!("ldr {weight}, [<weights>, #{place}]"));
        let pairs = ["<t0>", "<t1>", third];
        for first in (0..positions).step_by(pairs.len()) {
            let loaded = (first..positions).zip(pairs);
            for (position, pair) in loaded.clone() {
                let distance = 2 * (position * step + input);
                self.line(format!("ldr {pair}, [<input>, #{distance}]"));
            }
            for (position, pair) in loaded {
                self.own_products(pair, position, [0, 1]);
            }
        }
        place + WORD
    }

    /// A pair of inputs with the pair of weights of the two channels that they are of.
    fn own_products(&mut self, pair: &str, position: usize, channels: [usize; 2]) {
        let [weight, _] = self.weights();
        for (instruction, channel) in ["smlabb", "smlatt"].into_iter().zip(channels) {
            let sum = channel * self.shape.positions + position;
            self.line(format!(
                "{instruction} <s{sum}>, {pair}, {weight}, <s{sum}>"
            ));
        }
    }

    /// The channels, two by two.
    fn pairs(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let channels = self.shape.channels;
        let firsts = (0..channels).step_by(2);
        firsts.map(move |first| first..channels.min(first + 2))
    }

    /// Loads what every position has at `input`.
    fn inputs(&mut self, load: &str, input: usize) {
        for position in 0..self.shape.positions {
            let distance = (position * self.shape.step + input) * self.shape.inputs.bytes();
            self.line(format!("{load} <t{position}>, [<input>, #{distance}]"));
        }
    }

    /// Loads the weights of one or two channels, where those of the first channel lie at `place`.
    fn pair(&mut self, load: &str, channels: &Range<usize>, place: usize, bytes: usize) {
        for (channel, weight) in channels.clone().zip(self.weights()) {
            let place = place + channel * bytes;
            self.line(format!("{load} {weight}, [<weights>, #{place}]"));
        }
    }

    /// Every position's inputs with the weights of one or two channels.
    fn products(&mut self, instruction: &str, channels: Range<usize>) {
        let positions = self.shape.positions;
        for (channel, weight) in channels.zip(self.weights()) {
            for position in 0..positions {
                let sum = channel * positions + position;
                self.line(format!(
                    "{instruction} <s{sum}>, <t{position}>, {weight}, <s{sum}>"
                ));
            }
        }
    }

    /// The operands behind `asm!(`.
    pub(super) fn print_rust(&self, out: &mut Writer) {
        for line in self.named_lines() {
            let line = line.replace('{', "{{").replace('}', "}}");
            out.line(format_args!("\"{line}\","));
        }
        for (operand, register) in self.operands() {
            let name = format!("(\"{register}\")");
            out.line(if let Some(sum) = operand.strip_prefix('s') {
                format!("inout{name} *sum{sum},")
            } else if let Some(rows) = self.end(&operand) {
                let weights = self.shape.weights();
                format!("inout{name} weights.offset({rows} * {weights}) => _,")
            } else if operand == "input" || operand == "weights" {
                format!("inout{name} {operand} => _,")
            } else {
                format!("out{name} _,")
            });
        }
        out.line("options(readonly),");
    }

    /// Behind how many rows of weights an operand points at first, if it points to an end.
    fn end(&self, operand: &str) -> Option<&'static str> {
        match (operand, ends(self.shape)) {
            ("t0", 1..) => Some("rows"),
            ("t1", 2) => Some("before"),
            _ => None,
        }
    }

    /// The instructions with the operands' registers.
    fn named_lines(&self) -> impl Iterator<Item = String> {
        let operands = self.operands();
        self.lines.iter().map(move |line| {
            let named = operands.iter();
            named.fold(line.clone(), |line, (operand, register)| {
                line.replace(&format!("<{operand}>"), register)
            })
        })
    }

    /// All operands and their registers, without r6 and r7.
    fn operands(&self) -> Vec<(String, &'static str)> {
        let sums = (0..self.shape.sums()).map(|sum| format!("s{sum}"));
        let temporaries = (0..temporaries(self.shape)).map(|position| format!("t{position}"));
        let free = ["a", "b"].into_iter().filter(|_| !self.is_tight);
        sums.chain(["input", "weights"].map(str::to_owned))
            .chain(temporaries)
            .chain(free.map(str::to_owned))
            .zip(NAMED)
            .collect()
    }

    /// Statements.
    pub(super) fn print_c(self, [input, weight]: [&str; 2], out: &mut Writer) {
        let operands = self.operands();
        let (mut results, mut used) = (Vec::new(), Vec::new());
        for (operand, register) in &operands {
            let (of, value) = if let Some(sum) = operand.strip_prefix('s') {
                results.push(format!("*sum{sum} = {register};"));
                ("int32_t ".to_owned(), Some(format!("*sum{sum}")))
            } else if operand == "input" {
                (format!("const {input} *"), Some("input".to_owned()))
            } else if operand == "weights" {
                (format!("const {weight} *"), Some("weights".to_owned()))
            } else if let Some(rows) = self.end(operand) {
                let end = format!("weights + {rows} * {}", self.shape.weights());
                (format!("const {weight} *"), Some(end))
            } else {
                ("int32_t ".to_owned(), None)
            };
            let constraint = if value.is_some() { "+r" } else { "=&r" };
            let value = value.map_or(String::new(), |value| format!(" = {value}"));
            out.line(format_args!(
                "register {of}{register} __asm__(\"{register}\"){value};"
            ));
            used.push(format!("\"{constraint}\"({register})"));
        }
        out.line("__asm__ volatile(");
        for line in self.named_lines() {
            out.line(format_args!("    \"{line}\\n\""));
        }
        out.line(format_args!("    : {}", used.join(", ")));
        out.line("    : : \"cc\", \"memory\");");
        results.iter().for_each(|result| out.line(result));
    }
}

/// At how many places rows of weights end: behind the last, and where the inputs' ring does.
fn ends(shape: Shape) -> usize {
    shape
        .rows
        .map_or(0, |rows| 1 + usize::from(rows.ring.is_some()))
}

/// Registers for inputs, which hold where rows end at first.
fn temporaries(shape: Shape) -> usize {
    let inputs = match (shape.reads, shape.inputs) {
        (Reads::Own(_), Element::I16) => 2,
        _ => shape.positions,
    };
    inputs.max(ends(shape))
}

/// How many instructions a word of inputs takes.
fn instructions(shape: Shape) -> usize {
    let inputs = if shape.inputs == Element::I16 {
        0
    } else {
        shape.positions
    };
    let widened = inputs + if shape.are_wide { 0 } else { shape.channels };
    2 * (shape.positions + shape.channels + widened + shape.sums())
}

#[cfg(test)]
mod tests {
    use super::super::dot::Spacing;
    use super::*;

    /// Blocking takes what leaves two registers for pairs of weights, two for pointers, and one
    /// for each position but at least two, of the core's fourteen.
    #[test]
    fn all_blocks_that_fit_the_registers_are_assembly() {
        let mut blocks = 0;
        for positions in 1..=4 {
            let most = (14 - 4 - positions.max(2)) / positions;
            for channels in 1..=most {
                let shape = Shape {
                    channels,
                    positions,
                    step: 16,
                    run: 48,
                    reads: Reads::Shared,
                    inputs: Element::I8,
                    are_wide: false,
                    rows: Some(Spacing {
                        distance: 200,
                        ring: Some(5),
                    }),
                    zeros: Zeros::Multiplied,
                };
                assert!(Assembly::of(shape).is_some(), "{channels} × {positions}");
                blocks += 1;
            }
        }
        assert_eq!(blocks, 8 + 4 + 2 + 1);
    }
}
