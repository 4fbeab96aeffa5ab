//! Weights of two or four bits, as many to a word of flash as it holds, and how they become bytes.
//!
//! A word holds several words of bytes: the first four weights in the lowest bits of its four
//! bytes, the next four in those above, and so on. So a shift and a mask take four weights out of
//! it at once.

use gannet_graph::quantized::WeightBits;

use super::super::Lowering;
use crate::ir::{
    Affine, Binary, BufferId, Constant, Element, Expression, ScalarType, Statement, WORD,
};

/// What a weight becomes as a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unpacked {
    /// Its bits are the byte's highest, above zeros: a multiple of the weight, for which a shift
    /// and a mask are all.
    Raised,
    /// The weight, which takes a product more: that fills the bits above it with its sign.
    Whole,
}

/// How many weights a word holds.
pub(super) fn in_word(bits: WeightBits) -> usize {
    WORD * bits.in_byte()
}

/// By how many bits a [raised](Unpacked::Raised) weight is shifted.
pub(super) fn raised_by(bits: WeightBits) -> usize {
    8 - bits.count()
}

/// `weights`, word by word.
pub(super) fn words(bits: WeightBits, weights: &[i8]) -> Vec<i32> {
    let word = |of_word: &[i8]| {
        let bytes = [0, 1, 2, 3].map(|byte| {
            let of_byte: Vec<i8> = (of_word.iter().copied().skip(byte).step_by(WORD)).collect();
            // A last word may have none left for it.
            bits.pack(&of_byte).first().copied().unwrap_or(0)
        });
        i32::from_le_bytes(bytes)
    };
    weights.chunks(in_word(bits)).map(word).collect()
}

impl Lowering<'_> {
    /// The constant `[block, word]` of the weights of blocks, each of as many.
    pub(super) fn packed_constant(
        &mut self,
        name: &str,
        bits: WeightBits,
        blocks: &[Vec<i8>],
    ) -> BufferId {
        let all: Vec<i32> = (blocks.iter().flat_map(|block| words(bits, block))).collect();
        let extents = [blocks.len(), all.len() / blocks.len()];
        self.builder.constant(name, &extents, Constant::I32(all))
    }

    /// Writes so many words' weights, from word `first` of a block on, as bytes to `target`, whose
    /// bytes are whole words.
    pub(super) fn unpack(
        &mut self,
        (packed, bits): (BufferId, WeightBits),
        (target, form): (BufferId, Unpacked),
        (block, first, words): (Affine, Affine, usize),
    ) -> Vec<Statement> {
        let name = format!("{}_words", self.builder.describe(target).name);
        let bytes = self.builder.describe(target).len();
        let target = (self.builder).view_as(target, &name, Element::I32, &[bytes / WORD]);
        let k = self.builder.variable("word");
        let all = self.builder.scalar("weights", ScalarType::I32);
        let load = Expression::Load(packed, vec![block, first + Affine::from(k)]);
        let mut body = vec![Statement::Let(all, load)];
        for four in 0..bits.in_byte() {
            let place = vec![Affine::from(k) * bits.in_byte() as i64 + Affine::from(four)];
            // Above these four weights are none any more.
            let above = raised_by(bits) - four * bits.count();
            let raised = shifted(all.into(), Binary::ShiftLeft, above);
            let value = match form {
                Unpacked::Raised => masked(raised, u8::MAX << raised_by(bits)),
                Unpacked::Whole => {
                    let lowered = shifted(all.into(), Binary::ShiftRight, four * bits.count());
                    let lowered = self.kept(masked(lowered, u8::MAX >> raised_by(bits)), &mut body);
                    let sign = 1 << (bits.count() - 1);
                    let filled = i32::from(u8::MAX << bits.count()) / i32::from(sign);
                    let signs = masked(lowered.clone(), sign);
                    lowered + signs.binary(Binary::Mul, filled)
                }
            };
            body.push(Statement::Store(target, place, value));
        }
        vec![Statement::repeat(k, 0_i64, words, body)]
    }

    /// `value` in a scalar, to be used twice.
    fn kept(&mut self, value: Expression, body: &mut Vec<Statement>) -> Expression {
        let scalar = self.builder.scalar("four", ScalarType::I32);
        body.push(Statement::Let(scalar, value));
        scalar.into()
    }
}

/// `value`, shifted by so many bits.
fn shifted(value: Expression, operation: Binary, bits: usize) -> Expression {
    match bits {
        0 => value,
        bits => value.binary(operation, bits as i32),
    }
}

/// The bits of `mask` in each byte of `value`.
fn masked(value: Expression, mask: u8) -> Expression {
    value.binary(Binary::And, i32::from_le_bytes([mask; WORD]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// −8 is 8 in four bits, −1 is 15.
    #[test]
    fn eight_weights_of_four_bits_are_a_word() {
        let weights = [1, 2, 3, 4, -8, -1, 7, 0];
        let word = |weights: &[i8]| words(WeightBits::Four, weights)[0].cast_unsigned();
        assert_eq!(word(&weights), 0x0473_F281);
        assert_eq!(word(&weights[..5]), 0x0403_0281);
    }

    /// −1 is 3 in two bits: the first byte has weights 0, 4, 8 and 12, from the lowest bits on.
    #[test]
    fn sixteen_weights_of_two_bits_are_a_word() {
        let mut weights = [0; 16];
        [weights[0], weights[4], weights[12], weights[3]] = [1, -1, -1, 1];
        assert_eq!(
            words(WeightBits::Two, &weights)[0].cast_unsigned(),
            0x0100_00CD
        );
        assert_eq!(words(WeightBits::Two, &[1; 17]).len(), 2);
    }
}
