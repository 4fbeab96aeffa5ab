//! Windows of few bits a weight: each weight is multiplied at many positions, so all of a block are
//! unpacked first, to bytes that are then read like any others.

use gannet_graph::quantized::WeightBits;

use super::super::Lowering;
use super::super::channels::Blocks;
use super::packed::{Unpacked, in_word};
use crate::ir::{BufferId, Element, Statement};

/// How many bytes the unpacked weights of a block may take of the arena; where there are more they
/// are bytes in flash.
const MOST_UNPACKED: usize = 2048;

impl Lowering<'_> {
    /// Whether so many weights of a block, each for so many positions, are packed.
    pub(super) fn are_packed(&self, bits: WeightBits, weights: usize, positions: usize) -> bool {
        bits != WeightBits::Eight && weights <= MOST_UNPACKED && positions > 1
    }

    /// Packs the weights of `blocks`, which follow each other, and gives the buffer
    /// `[1, rows, row_len]` that those of the present block are unpacked to, and how.
    pub(super) fn unpacked(
        &mut self,
        name: &str,
        (bits, weights): (WeightBits, &[i8]),
        blocks: &Blocks,
        [rows, row_len]: [usize; 2],
    ) -> (BufferId, Vec<Statement>) {
        let of_blocks: Vec<Vec<i8>> = (weights.chunks(rows * row_len))
            .map(<[i8]>::to_vec)
            .collect();
        let packed = self.packed_constant(name, bits, &of_blocks);
        let words = (rows * row_len).div_ceil(in_word(bits));
        let name = format!("{name}_unpacked");
        let bytes = (self.builder).buffer(&name, Element::I8, &[words * in_word(bits)]);
        let place = (blocks.index(), 0_i64.into(), words);
        let unpack = self.unpack((packed, bits), (bytes, Unpacked::Whole), place);
        let name = format!("{name}_rows");
        let weights = self.builder.view(bytes, &name, &[1, rows, row_len]);
        (weights, unpack)
    }
}
