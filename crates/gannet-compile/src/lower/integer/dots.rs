//! Sums that are dot products of bytes: of inputs that lie side by side as they are in memory,
//! with weights that lie in the order in which they are read.
//!
//! A sum goes over inputs less their zero point, `Σ (x − z)·w = Σ x·w − z·Σ w`. So the zero point
//! is in the bias already, for all rows of a window; where rows of it lie beyond the image and
//! are left out, their part is given back.

use super::super::Lowering;
use super::super::channels::{Blocks, Weights};
use crate::ir::{
    Affine, BufferId, Constant, Dot, Element, Expression, ProgramBuilder, Reads, Scalar,
    ScalarType, Statement,
};
use crate::{Optimize, Zeros};

/// A layer of a window has weights of 16 bits up to so many: each is read for many positions, and
/// need not be widened then. More would take more flash than the time is worth, unless there
/// are [so many](MOST_A_POSITION) for each position.
const MOST_WIDENED: usize = 2048;
/// A weight of 16 bits saves a quarter of a cycle at each position.
const MOST_A_POSITION: usize = 4;

/// The weights of some blocks.
#[derive(Debug, Clone)]
pub(in super::super) struct Dots {
    /// `[block, row, run · channels]`, or those of one block, which are unpacked for it.
    weights: BufferId,
    /// Which block's they are there.
    stored: Affine,
    /// How they are unpacked, where they are.
    unpack: Vec<Statement>,
    /// How many inputs of a row each sum goes over, and which.
    run: usize,
    reads: Reads,
    /// Which block is computed.
    block: Affine,
    /// `[block, row, channel]`: what a row that is left out gives back, where that is anything.
    left_out: Option<BufferId>,
    zeros: Zeros,
}

/// What lies under one row of a window, at neighbouring positions.
pub(in super::super) struct Factors<'f> {
    /// The source, as one row of elements.
    pub(in super::super) source: BufferId,
    /// Where the inputs of the first position begin.
    pub(in super::super) first: Affine,
    /// From one position to the next.
    pub(in super::super) step: usize,
    /// By output channel, then by position.
    pub(in super::super) sums: &'f [Vec<Scalar>],
}

/// How the inputs of a layer's sums lie.
pub(in super::super) struct Runs<P> {
    /// Rows of a window, each of so many inputs.
    pub(in super::super) rows: usize,
    pub(in super::super) run: usize,
    /// Which they are.
    pub(in super::super) reads: Reads,
    /// What they are.
    pub(in super::super) inputs: Element,
    /// Where among the layer's weights the one of a row's input for a channel is.
    pub(in super::super) place: P,
    /// What stands for zero in a window's image.
    pub(in super::super) zero: Option<i32>,
    /// Whether rows of the window may be left out.
    pub(in super::super) are_left_out: bool,
    /// How many positions each weight is read for.
    pub(in super::super) positions: usize,
}

impl Lowering<'_> {
    /// The constants of `blocks`.
    pub(in super::super) fn dots(
        &mut self,
        name: &str,
        blocks: &Blocks,
        weights: Weights<'_>,
        runs: &Runs<impl Fn(usize, usize, usize) -> usize>,
    ) -> Dots {
        let Runs {
            rows, run, reads, ..
        } = *runs;
        let Weights::I8(kernel) = weights else {
            unreachable!("dot products are of integers")
        };
        let values = kernel.values();
        let bits = kernel.bits();
        // What is unpacked are bytes in the order of shared inputs.
        let are_bytes = reads == Reads::Shared && runs.inputs != Element::I16;
        let are_packed =
            are_bytes && self.are_packed(bits, rows * run * blocks.size, runs.positions);
        let most = MOST_WIDENED.max(MOST_A_POSITION * runs.positions);
        let is_worth_it = values.len() <= most || self.optimize == Optimize::Time;
        let is_wide =
            runs.inputs == Element::I16 || runs.positions > 1 && is_worth_it && !are_packed;
        let element = if is_wide { Element::I16 } else { Element::I8 };
        let order = reads.order([runs.inputs, element], run, blocks.size);
        let (mut ordered, mut given_back) = (Vec::new(), Vec::new());
        for block in 0..blocks.count {
            let first = blocks.first + block * blocks.size;
            for row in 0..rows {
                let weight =
                    |i: usize, channel: usize| values[(runs.place)(row, i, first + channel)];
                ordered.extend(order.iter().map(|&(i, channel)| weight(i, channel)));
                let zero = runs.zero.unwrap_or(0);
                given_back.extend((0..blocks.size).map(|channel| {
                    let weights = (0..run).map(|i| i32::from(weight(i, channel)));
                    weights.sum::<i32>().wrapping_mul(zero)
                }));
            }
        }
        let left_out = runs
            .zero
            .filter(|&zero| zero != 0 && runs.are_left_out)
            .map(|_| {
                let extents = [blocks.count, rows, blocks.size];
                let constant = Constant::I32(given_back);
                self.builder
                    .constant(&format!("{name}_rows"), &extents, constant)
            });
        let row_len = run * blocks.size;
        let (weights, stored, unpack) = if are_packed {
            let (weights, unpack) = self.unpacked(name, (bits, &ordered), blocks, [rows, row_len]);
            (weights, 0_i64.into(), unpack)
        } else {
            let constant = if is_wide {
                Constant::I16(ordered.into_iter().map(i16::from).collect())
            } else {
                Constant::I8(ordered)
            };
            let extents = [blocks.count, rows, row_len];
            let weights = self.builder.constant(name, &extents, constant);
            (weights, blocks.index(), Vec::new())
        };
        Dots {
            weights,
            stored,
            unpack,
            run,
            reads,
            block: blocks.index(),
            left_out,
            zeros: match (self.integers, runs.zero, reads) {
                // Elsewhere zeros are no more frequent than any other byte.
                (Some(integers), Some(0), Reads::Shared) => integers.zeros,
                _ => Zeros::Multiplied,
            },
        }
    }
}

impl Dots {
    /// Whether each channel has inputs of its own.
    pub(in super::super) fn are_own(&self) -> bool {
        matches!(self.reads, Reads::Own(_))
    }

    /// Adds the products of row `row` to the sums.
    pub(in super::super) fn add(&self, row: Affine, factors: &Factors<'_>) -> Statement {
        Statement::Dot(Dot {
            sums: factors.sums.concat(),
            positions: factors.sums[0].len(),
            inputs: factors.source,
            first: factors.first.clone(),
            step: factors.step,
            run: self.run,
            reads: self.reads,
            weights: self.weights,
            place: vec![self.stored.clone(), row, 0_i64.into()],
            zeros: self.zeros,
        })
    }

    /// What is done before the first row, once for all positions.
    pub(in super::super) fn prepare(&self) -> Vec<Statement> {
        self.unpack.clone()
    }

    /// What is to be added to the sums where row `row` is left out.
    pub(in super::super) fn give_back(
        &self,
        builder: &mut ProgramBuilder,
        row: Affine,
        sums: &[Vec<Scalar>],
    ) -> Option<Vec<Statement>> {
        let table = self.left_out?;
        let mut body = Vec::new();
        for (channel, sums) in sums.iter().enumerate() {
            let part = builder.scalar("part", ScalarType::I32);
            let place = vec![self.block.clone(), row.clone(), channel.into()];
            body.push(Statement::Let(part, Expression::Load(table, place)));
            body.extend(sums.iter().map(|&sum| {
                let whole = Expression::from(sum) + part;
                Statement::Set(sum, whole)
            }));
        }
        Some(body)
    }
}
