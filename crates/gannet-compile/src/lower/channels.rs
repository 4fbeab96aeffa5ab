//! Blocks of output channels that are accumulated side by side in registers.
//!
//! Reading an input value once for a whole block is what makes small convolutions fast; the
//! weights are laid out in the order in which the blocks read them.

use gannet_graph::Tensor;

use super::Lowering;
use super::finish::Finish;
use crate::ir::{Accumulate, Affine, BufferId, Constant, Expression, Scalar, Statement, Variable};

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
    I8(&'w [i8]),
}

impl Weights<'_> {
    /// Those at `places`, in that order.
    pub(super) fn in_order(self, places: impl Iterator<Item = usize>) -> Constant {
        match self {
            Weights::F32(values) => Constant::F32(places.map(|place| values[place]).collect()),
            Weights::I8(values) => Constant::I8(places.map(|place| values[place]).collect()),
        }
    }
}

impl Lowering<'_> {
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
    /// among `weights` the one at a flat tap is.
    pub(super) fn block_weights(
        &mut self,
        name: &str,
        blocks: &Blocks,
        taps: &[usize],
        weights: Weights<'_>,
        place: impl Fn(usize, usize) -> usize,
    ) -> BufferId {
        let tap_count: usize = taps.iter().product();
        let places = (0..blocks.count)
            .flat_map(|block| (0..tap_count).map(move |tap| (block, tap)))
            .flat_map(|(block, tap)| {
                let place = &place;
                let first = blocks.first + block * blocks.size;
                (0..blocks.size).map(move |j| place(tap, first + j))
            });
        let values = weights.in_order(places);
        let extents: Vec<usize> = [&[blocks.count], taps, &[blocks.size]]
            .into_iter()
            .flatten()
            .copied()
            .collect();
        self.builder.constant(name, &extents, values)
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
            .map(|(j, &sum)| {
                let begin = bias.map_or(finish.nothing(), |bias| {
                    Expression::Load(bias, vec![blocks.channel(j)])
                });
                Statement::Let(sum, begin)
            })
            .collect();
        (sums, declared)
    }

    /// `sum_j += value · weights[block, taps…, j]` for every accumulator.
    pub(super) fn multiply_add(
        &mut self,
        blocks: &Blocks,
        sums: &[Scalar],
        (value, finish): (Expression, &Finish),
        weights: BufferId,
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
