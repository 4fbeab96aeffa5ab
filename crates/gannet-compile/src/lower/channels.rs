//! Blocks of output channels that are accumulated side by side in registers.
//!
//! Reading an input value once for a whole block is what makes small convolutions fast; the
//! weights are laid out in the order in which the blocks read them.

use gannet_graph::quantized::Kernel;
use gannet_graph::{SharedValues, Tensor};

use super::Lowering;
use super::finish::Finish;
use crate::Sharing;
use crate::ir::{
    Accumulate, Affine, BufferId, Constant, Expression, Scalar, Shared, Statement, Stored, Variable,
};

/// `count` blocks of `size` channels each, from channel `first` on.
pub(super) struct Blocks {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) size: usize,
    /// Runs over the blocks, where there are several.
    variable: Option<Variable>,
}

impl Blocks {
    /// Which block is computed.
    pub(super) fn index(&self) -> Affine {
        self.variable.map_or(Affine::from(0_i64), Affine::from)
    }

    /// The channel of accumulator `j`.
    fn channel(&self, j: usize) -> Affine {
        self.index() * self.size as i64 + Affine::from(self.first + j)
    }

    /// The channel of every accumulator.
    pub(super) fn channels(&self) -> Vec<Affine> {
        (0..self.size).map(|j| self.channel(j)).collect()
    }

    /// `body`, once for each block.
    pub(super) fn repeat(&self, body: Vec<Statement>) -> Vec<Statement> {
        match self.variable {
            None => body,
            Some(variable) => vec![Statement::repeat(variable, 0_i64, self.count, body)],
        }
    }
}

/// The weights of a layer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weights<'w> {
    F32(&'w [f32]),
    I8(&'w Kernel),
}

impl Weights<'_> {
    /// Those at `places`, in that order.
    pub(super) fn in_order(self, places: impl Iterator<Item = usize>) -> Constant {
        match self {
            Weights::F32(values) => Constant::F32(places.map(|place| values[place]).collect()),
            Weights::I8(kernel) => {
                Constant::I8(places.map(|place| kernel.values()[place]).collect())
            }
        }
    }
}

/// The weights of a layer, and how they are stored.
pub(super) struct Coded<'w> {
    weights: Weights<'w>,
    /// The values that they share, and the constant of these.
    shared: Option<(SharedValues, BufferId)>,
}

impl Lowering<'_> {
    /// `weights` of the constant `name`, to be stored block by block: by places in a table, if
    /// they have few values and are to share them.
    pub(super) fn coded<'w>(&mut self, name: &str, weights: Weights<'w>) -> Coded<'w> {
        let shared = match (weights, self.sharing) {
            (Weights::F32(values), Sharing::WhereFew) => SharedValues::of(values),
            _ => None,
        };
        let shared = shared.map(|shared| {
            let values = shared.values();
            let constant = Constant::F32(values.to_vec());
            let name = format!("{name}_values");
            let table = self.builder.constant(&name, &[values.len()], constant);
            (shared, table)
        });
        Coded { weights, shared }
    }

    /// `channels` as blocks of `size`, the last perhaps smaller.
    pub(super) fn blocks(&mut self, channels: usize, size: usize) -> Vec<Blocks> {
        let size = size.min(channels);
        let (full, rest) = (channels / size, channels % size);
        let variable = (full > 1).then(|| self.builder.variable("block"));
        let mut blocks = vec![Blocks {
            first: 0,
            count: full,
            size,
            variable,
        }];
        if rest > 0 {
            blocks.push(Blocks {
                first: full * size,
                count: 1,
                size: rest,
                variable: None,
            });
        }
        blocks
    }

    /// The constant of a layer's bias, if it has one.
    pub(super) fn bias(&mut self, layer: &str, bias: Option<&Tensor>) -> Option<BufferId> {
        let values = bias?.data();
        let constant = Constant::F32(values.to_vec());
        Some(
            self.builder
                .constant(&format!("{layer}_bias"), &[values.len()], constant),
        )
    }

    /// A constant `[block, taps…, accumulator]` for `blocks`; `place(tap, channel)` tells where
    /// among `weights` the one at a flat tap is. The weights of each tap begin an element.
    pub(super) fn block_weights(
        &mut self,
        name: &str,
        blocks: &Blocks,
        taps: &[usize],
        coded: &Coded<'_>,
        place: impl Fn(usize, usize) -> usize,
    ) -> Stored {
        let tap_count: usize = taps.iter().product();
        let of_tap = |block: usize, tap: usize| {
            let first = blocks.first + block * blocks.size;
            let place = &place;
            (0..blocks.size).map(move |j| place(tap, first + j))
        };
        let rows = (0..blocks.count)
            .flat_map(|block| (0..tap_count).map(move |tap| (block, tap)))
            .map(|(block, tap)| of_tap(block, tap));
        let (values, in_element) = match &coded.shared {
            None => (coded.weights.in_order(rows.flatten()), 1),
            Some((shared, _)) => {
                let in_byte = shared.bits().in_byte();
                let bytes = rows.flat_map(|row| {
                    let places: Vec<u8> = row.map(|place| shared.places()[place]).collect();
                    let bytes = places.chunks(in_byte).map(byte);
                    bytes.collect::<Vec<u8>>()
                });
                (Constant::U8(bytes.collect()), in_byte)
            }
        };
        let extents: Vec<usize> = [&[blocks.count], taps, &[blocks.size.div_ceil(in_element)]]
            .into_iter()
            .flatten()
            .copied()
            .collect();
        let elements = self.builder.constant(name, &extents, values);
        match &coded.shared {
            None => Stored::Single(elements),
            Some((shared, table)) => Stored::Shared(Shared {
                places: elements,
                values: *table,
                bits: shared.bits(),
            }),
        }
    }

    /// Declares the accumulators of a block: its biases, or zeros.
    pub(super) fn accumulators(
        &mut self,
        blocks: &Blocks,
        bias: Option<BufferId>,
        finish: &Finish,
    ) -> (Vec<Scalar>, Vec<Statement>) {
        let sums: Vec<Scalar> = (0..blocks.size)
            .map(|j| self.builder.scalar(&format!("sum{j}"), finish.sum_type()))
            .collect();
        let declared = sums
            .iter()
            .enumerate()
            .map(|(j, &sum)| Statement::Let(sum, finish.begin(bias, &blocks.channel(j))))
            .collect();
        (sums, declared)
    }

    /// `sum_j += value · weights[block, taps…, j]` for every accumulator.
    pub(super) fn multiply_add(
        &mut self,
        blocks: &Blocks,
        sums: &[Scalar],
        (value, finish): (Expression, &Finish),
        weights: Stored,
        taps: &[Affine],
    ) -> Vec<Statement> {
        let factor = self.builder.scalar("value", finish.sum_type());
        let first = std::iter::once(blocks.index())
            .chain(taps.iter().cloned())
            .chain([Affine::from(0_i64)])
            .collect();
        vec![
            Statement::Let(factor, value),
            Statement::Accumulate(Accumulate {
                sums: sums.to_vec(),
                inputs: vec![factor],
                weights,
                first,
            }),
        ]
    }
}

/// One place, or two of four bits, as a byte.
fn byte(places: &[u8]) -> u8 {
    match places {
        [first, second] => first | second << 4,
        places => places.iter().copied().sum(),
    }
}
