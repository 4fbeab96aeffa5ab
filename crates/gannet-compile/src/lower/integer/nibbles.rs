//! Weights of four bits: eight to a word of flash, and unpacked some at a time before they are
//! multiplied.
//!
//! A word holds two words of bytes, one weight in the high and one in the low half of each byte. A
//! half with zeros below it is sixteen times its weight as a byte. So unpacking takes a mask and a
//! shift for four weights, and the sums of their products are divided by sixteen, which leaves no
//! rest.

use gannet_graph::quantized::{Kernel, WeightBits};

use super::super::Lowering;
use super::super::channels::Blocks;
use crate::Zeros;
use crate::ir::{
    Affine, Binary, BufferId, Constant, Dot, Element, Expression, Scalar, ScalarType, Statement,
    WORD, order,
};

/// How many bytes unpacked weights may take of the arena.
const MOST_UNPACKED: usize = 512;
/// The most inputs of a sum that stays within 32 bits at sixteen times its worth, of bytes without
/// sign and weights from −8.
const MOST_INPUTS: usize = (1 << 31) / (16 * 255 * 8) - 1;
/// Weights in a word.
const WEIGHTS: usize = 8;
/// The high halves of a word's bytes.
const HIGH: i32 = 0xF0F0_F0F0_u32.cast_signed();

/// Whether a layer of so many inputs multiplies with packed weights.
pub(in super::super) fn are_packed(kernel: &Kernel, inputs: usize) -> bool {
    kernel.bits() == WeightBits::Four && inputs <= MOST_INPUTS
}

/// What is multiplied: all inputs, with the weight of an input for a channel at `place`.
pub(in super::super) struct Packed<'w, P> {
    pub(in super::super) source: BufferId,
    pub(in super::super) inputs: usize,
    pub(in super::super) weights: &'w [i8],
    pub(in super::super) place: P,
}

impl Lowering<'_> {
    /// Adds the products of all inputs to the sums of a block.
    pub(in super::super) fn add_packed(
        &mut self,
        name: &str,
        blocks: &Blocks,
        packed: &Packed<'_, impl Fn(usize, usize) -> usize>,
        sums: &[Scalar],
    ) -> Vec<Statement> {
        let most = (MOST_UNPACKED / blocks.size / WORD).max(1) * WORD;
        let chunk = packed.inputs.min(most);
        let (full, rest) = (packed.inputs / chunk, packed.inputs % chunk);
        let words = |inputs: usize| (inputs * blocks.size).div_ceil(WEIGHTS);
        let constant = self.packed(name, blocks, packed, &vec![chunk; full], rest);
        let unpacked = self.builder.buffer(
            &format!("{name}_unpacked"),
            Element::I8,
            &[words(chunk) * WEIGHTS],
        );

        let parts: Vec<Scalar> = (sums.iter())
            .map(|_| self.builder.scalar("part", ScalarType::I32))
            .collect();
        let mut body: Vec<Statement> = (parts.iter())
            .map(|&part| Statement::Let(part, 0.into()))
            .collect();
        let multiply = |lowering: &mut Self, which: Affine, inputs: usize| {
            let first = which.clone() * words(chunk) as i64;
            let place = (blocks.index(), first, words(inputs));
            let mut body = lowering.unpack(constant, unpacked, place);
            body.push(Statement::Dot(Dot {
                sums: parts.clone(),
                positions: 1,
                inputs: packed.source,
                first: which * chunk as i64,
                step: 0,
                run: inputs,
                weights: unpacked,
                place: vec![0_i64.into()],
                zeros: Zeros::Multiplied,
            }));
            body
        };
        if full == 1 {
            body.extend(multiply(self, 0_i64.into(), chunk));
        } else {
            let which = self.builder.variable("chunk");
            let each = multiply(self, which.into(), chunk);
            body.push(Statement::repeat(which, 0_i64, full, each));
        }
        if rest > 0 {
            body.extend(multiply(self, full.into(), rest));
        }
        body.extend(sums.iter().zip(parts).map(|(&sum, part)| {
            let part = Expression::from(part).binary(Binary::ShiftRight, 4);
            Statement::Set(sum, Expression::from(sum) + part)
        }));
        body
    }

    /// The constant `[block, word]` of the weights, chunk by chunk in the order in which they are
    /// read.
    fn packed(
        &mut self,
        name: &str,
        blocks: &Blocks,
        packed: &Packed<'_, impl Fn(usize, usize) -> usize>,
        full: &[usize],
        rest: usize,
    ) -> BufferId {
        let mut words = Vec::new();
        for block in 0..blocks.count {
            let mut begin = 0;
            for &chunk in full.iter().chain(std::iter::once(&rest)) {
                let channels = blocks.first + block * blocks.size;
                let ordered: Vec<i8> = order(Element::I8, chunk, blocks.size)
                    .into_iter()
                    .map(|(input, channel)| {
                        packed.weights[(packed.place)(begin + input, channels + channel)]
                    })
                    .collect();
                words.extend(ordered.chunks(WEIGHTS).map(word));
                begin += chunk;
            }
        }
        let extents = [blocks.count, words.len() / blocks.count];
        self.builder.constant(name, &extents, Constant::I32(words))
    }

    /// Writes so many words' weights, from word `first` of a block on, to where they are read as
    /// bytes.
    fn unpack(
        &mut self,
        packed: BufferId,
        unpacked: BufferId,
        (block, first, words): (Affine, Affine, usize),
    ) -> Vec<Statement> {
        let name = format!("{}_words", self.builder.describe(unpacked).name);
        let bytes = self.builder.describe(unpacked).len();
        let target = self
            .builder
            .view_as(unpacked, &name, Element::I32, &[bytes / WORD]);
        let k = self.builder.variable("word");
        let both = self.builder.scalar("weights", ScalarType::I32);
        let load = Expression::Load(packed, vec![block, first + Affine::from(k)]);
        let high = |value: Expression| value.binary(Binary::And, HIGH);
        let place = |half: i64| vec![Affine::from(k) * 2 + Affine::from(half)];
        let low_half = Expression::from(both).binary(Binary::ShiftLeft, 4);
        let body = vec![
            Statement::Let(both, load),
            Statement::Store(target, place(0), high(low_half)),
            Statement::Store(target, place(1), high(both.into())),
        ];
        vec![Statement::repeat(k, 0_i64, words, body)]
    }
}

/// Up to eight weights as a word: the first four in the low halves of its bytes, the others in the
/// high ones.
fn word(weights: &[i8]) -> i32 {
    let half = |i: usize| {
        let weight = weights.get(i).copied().unwrap_or(0);
        weight.cast_unsigned() & 0xF
    };
    let bytes = [0, 1, 2, 3].map(|i| half(i + WORD) << 4 | half(i));
    i32::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// −8 is 8 in four bits, −1 is 15.
    #[test]
    fn eight_weights_are_a_word() {
        let weights = [1, 2, 3, 4, -8, -1, 7, 0];
        assert_eq!(word(&weights).cast_unsigned(), 0x0473_F281);
        assert_eq!(word(&weights[..5]).cast_unsigned(), 0x0403_0281);
    }
}
