//! Dot products of bytes that lie side by side.

use super::{Affine, BufferId, Element, Scalar, behind};
use crate::Zeros;

/// How many inputs a word of 32 bits has.
pub const WORD: usize = 4;

/// `sums[c, p] += Σ inputs[p·step + i] · weights[i, c]` over a run of inputs: what nearly all time
/// of a network of integers is spent in. Inputs are bytes; sums wrap, so their order is free.
///
/// Weights lie in the [`order`] in which a core with 16-bit products reads them.
#[derive(Debug, Clone, PartialEq)]
pub struct Dot {
    /// The sums, those of one channel side by side: `[channels, positions]`.
    pub sums: Vec<Scalar>,
    /// How many positions there are.
    pub positions: usize,
    /// The bytes, in one row.
    pub inputs: BufferId,
    /// Where the run of the first position begins.
    pub first: Affine,
    /// From one position's run to the next one's.
    pub step: usize,
    /// How many inputs each sum goes over.
    pub run: usize,
    /// Integers of 8 or 16 bits.
    pub weights: BufferId,
    /// The first weight's place.
    pub place: Vec<Affine>,
    /// What may be done where all inputs are zero.
    pub zeros: Zeros,
}

impl Dot {
    /// How many channels there are.
    pub fn channels(&self) -> usize {
        self.sums.len() / self.positions
    }

    /// How many weights there are.
    pub fn weight_count(&self) -> usize {
        self.run * self.channels()
    }

    /// Where the last input lies.
    pub fn last(&self) -> Affine {
        self.first.clone() + Affine::from((self.positions - 1) * self.step + self.run - 1)
    }

    /// Where the last weight lies.
    pub fn last_place(&self) -> Vec<Affine> {
        behind(&self.place, self.weight_count() - 1)
    }
}

/// The input and the channel of each weight, in the order of memory.
///
/// Four inputs are a word. A word of bytes is widened to the pair of its even bytes and the pair
/// of its odd ones. So weights of 16 bits lie in such pairs, those of all channels for the even
/// inputs before those for the odd ones; weights of 8 bits lie in words themselves. What is left
/// of the run is multiplied one by one.
pub fn order(weights: Element, run: usize, channels: usize) -> Vec<(usize, usize)> {
    let whole = run / WORD * WORD;
    let mut order = Vec::with_capacity(run * channels);
    let groups: &[&[usize]] = match weights {
        Element::I16 => &[&[0, 2], &[1, 3]],
        _ => &[&[0, 1, 2, 3]],
    };
    for word in (0..whole).step_by(WORD) {
        for group in groups {
            for channel in 0..channels {
                order.extend(group.iter().map(|i| (word + i, channel)));
            }
        }
    }
    for input in whole..run {
        order.extend((0..channels).map(|channel| (input, channel)));
    }
    order
}
