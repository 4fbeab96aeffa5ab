//! Dot products of bytes that lie side by side.

use super::{Affine, BufferId, Element, Scalar, behind};
use crate::Zeros;

/// How many inputs a word of 32 bits has.
pub const WORD: usize = 4;

/// `sums[c, p] += Σ inputs[p·step + place(i, c)] · weights[i, c]` over a run of inputs: what nearly
/// all time of a network of integers is spent in. Inputs have 8 bits, or 16; sums wrap, so their order is
/// free.
///
/// Weights lie in the [`order`] in which a core with 16-bit products reads them.
#[derive(Debug, Clone, PartialEq)]
pub struct Dot {
    /// The sums, those of one channel side by side: `[channels, positions]`.
    pub sums: Vec<Scalar>,
    /// How many positions there are.
    pub positions: usize,
    /// The inputs, in one row.
    pub inputs: BufferId,
    /// Where the run of the first position begins.
    pub first: Affine,
    /// From one position's run to the next one's.
    pub step: usize,
    /// How many inputs each sum goes over.
    pub run: usize,
    /// Which they are.
    pub reads: Reads,
    /// Integers of 8 or 16 bits; of 16 where inputs have 16.
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
        let last = self.reads.place(self.run - 1, self.channels() - 1);
        self.first.clone() + Affine::from((self.positions - 1) * self.step + last)
    }

    /// Where the last weight lies.
    pub fn last_place(&self) -> Vec<Affine> {
        behind(&self.place, self.weight_count() - 1)
    }
}

/// Which inputs the sums of a position go over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reads {
    /// The same for every channel, side by side.
    Shared,
    /// Each channel has its own, so far apart; those of all channels lie side by side.
    Own(usize),
}

impl Reads {
    /// From the first input of a position to input `i` of a channel.
    pub fn place(self, i: usize, channel: usize) -> usize {
        match self {
            Reads::Shared => i,
            Reads::Own(apart) => i * apart + channel,
        }
    }

    /// The input and the channel of each weight, in the order of memory. Pairs of inputs that have
    /// 16 bits lie as they are multiplied.
    pub fn order(
        self,
        [inputs, weights]: [Element; 2],
        run: usize,
        channels: usize,
    ) -> Vec<(usize, usize)> {
        match self {
            Reads::Shared if inputs == Element::I16 => {
                in_groups(&[&[0, 1], &[2, 3]], run, channels)
            }
            Reads::Shared => order(weights, run, channels),
            Reads::Own(_) => {
                let channels = own_channels([inputs, weights], channels);
                let of_input = |input| channels.iter().map(move |&channel| (input, channel));
                (0..run).flat_map(of_input).collect()
            }
        }
    }
}

/// That of bytes that are shared. Four are a word. A word of bytes is widened to the pair of its even
/// bytes and the pair of its odd ones. So weights of 16 bits lie in such pairs, those of all
/// channels for the even inputs before those for the odd ones; weights of 8 bits lie in words
/// themselves. What is left of the run is multiplied one by one.
pub fn order(weights: Element, run: usize, channels: usize) -> Vec<(usize, usize)> {
    in_groups(groups(weights), run, channels)
}

/// Four inputs, those of one group after another for each channel; then what is left.
fn in_groups(groups: &[&[usize]], run: usize, channels: usize) -> Vec<(usize, usize)> {
    let whole = run / WORD * WORD;
    let mut order = Vec::with_capacity(run * channels);
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

/// The channels of one input's weights where each channel has its own: a word of bytes is of four
/// channels.
pub(crate) fn own_channels([inputs, weights]: [Element; 2], channels: usize) -> Vec<usize> {
    if inputs == Element::I16 {
        return (0..channels).collect();
    }
    let whole = channels / WORD * WORD;
    let words = (0..whole).step_by(WORD).flat_map(|word| {
        let of_word = groups(weights).iter().copied().flatten();
        of_word.map(move |channel| word + channel)
    });
    words.chain(whole..channels).collect()
}

/// Which bytes of a word weights of these bits lie side by side for.
fn groups(weights: Element) -> &'static [&'static [usize]] {
    match weights {
        Element::I16 => &[&[0, 2], &[1, 3]],
        _ => &[&[0, 1, 2, 3]],
    }
}
