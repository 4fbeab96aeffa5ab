//! Blocks of output channels that are accumulated side by side in registers.
//!
//! Reading an input value once for a whole block is what makes small convolutions fast; the
//! weights are laid out in the order in which the blocks read them.

use gannet_graph::Tensor;

use super::Lowering;
use crate::ir::{
    Accumulate, Affine, BufferId, Constant, Expression, Scalar, ScalarType, Statement, Variable,
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

    /// A constant `[block, taps…, accumulator]` for `blocks`; `weight(tap, channel)` gives the
    /// value at a flat tap.
    pub(super) fn block_weights(
        &mut self,
        name: &str,
        blocks: &Blocks,
        taps: &[usize],
        weight: impl Fn(usize, usize) -> f32,
    ) -> BufferId {
        let tap_count: usize = taps.iter().product();
        let values = (0..blocks.count)
            .flat_map(|block| (0..tap_count).map(move |tap| (block, tap)))
            .flat_map(|(block, tap)| {
                let weight = &weight;
                let first = blocks.first + block * blocks.size;
                (0..blocks.size).map(move |j| weight(tap, first + j))
            })
            .collect();
        let extents: Vec<usize> = [&[blocks.count], taps, &[blocks.size]]
            .into_iter()
            .flatten()
            .copied()
            .collect();
        self.builder.constant(name, &extents, Constant::F32(values))
    }

    /// Declares the accumulators of a block: its biases, or zeros.
    pub(super) fn accumulators(
        &mut self,
        blocks: &Blocks,
        bias: Option<BufferId>,
    ) -> (Vec<Scalar>, Vec<Statement>) {
        let sums: Vec<Scalar> = (0..blocks.size)
            .map(|j| self.builder.scalar(&format!("sum{j}"), ScalarType::F32))
            .collect();
        let declared = sums
            .iter()
            .enumerate()
            .map(|(j, &sum)| {
                let begin = bias.map_or(Expression::F32(0.0), |bias| {
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
        value: Expression,
        weights: BufferId,
        taps: &[Affine],
    ) -> Vec<Statement> {
        let factor = self.builder.scalar("value", ScalarType::F32);
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
