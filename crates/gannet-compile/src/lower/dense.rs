//! Fully connected layers, with the pointwise function behind them in the same stage.

use gannet_graph::Dense;

use super::Lowering;
use super::channels::{Blocks, Weights};
use super::finish::{Arithmetic, Finish};
use super::integer::{self, Factors, Packed, Runs};
use crate::fuse::Group;
use crate::ir::{BufferId, Element, Reads, Scalar, Statement};

/// Units that are computed side by side, in blocks of nearly equal size. With more, storing them
/// takes more code than loading an input less often is worth.
const MOST_SUMS: usize = 8;
/// The same of integers, of which storing one takes more.
const MOST_INTEGER_SUMS: usize = 5;

impl<'g> Lowering<'g> {
    pub(super) fn dense(&mut self, group: &Group, layer: &'g Dense) -> BufferId {
        if self.element == Element::I16 {
            return self.wide_dense(group, layer);
        }
        let name = self.graph.node(group.first()).name().to_owned();
        let Arithmetic {
            finish,
            weights: kernel,
            bias,
        } = self.arithmetic(group, (layer.kernel(), layer.bias()), true);
        // A value that was computed in place has the extents of what lay there before.
        let source = self.source(group);
        let source = self.flat(source);
        let target = self.value(group);
        let (features, units) = (layer.features(), layer.units());

        let mut stage = Vec::new();
        let size = match kernel {
            Weights::F32(_) => units.div_ceil(units.div_ceil(MOST_SUMS)),
            Weights::I8(_) => even(units, MOST_INTEGER_SUMS),
        };
        let kernel_name = format!("{name}_kernel");
        let coded = self.coded(&kernel_name, kernel);
        for blocks in self.blocks(units, size) {
            let place = |tap: usize, unit: usize| tap * units + unit;
            if let Weights::I8(kernel) = kernel
                && integer::are_packed(kernel, features)
            {
                let (sums, mut body) = self.accumulators(&blocks, bias, &finish);
                let packed = Packed {
                    source,
                    inputs: features,
                    kernel,
                    place,
                };
                body.extend(self.add_packed(&kernel_name, &blocks, &packed, &sums));
                body.extend(stores(&blocks, sums, target, &finish));
                stage.extend(blocks.repeat(body));
                continue;
            }
            if matches!(kernel, Weights::I8(_)) {
                let runs = Runs {
                    rows: 1,
                    run: features,
                    reads: Reads::Shared,
                    inputs: self.element,
                    place: |_, tap, unit| place(tap, unit),
                    zero: None,
                    are_left_out: false,
                    positions: 1,
                };
                let dots = self.dots(&kernel_name, &blocks, kernel, &runs);
                let (sums, mut body) = self.accumulators(&blocks, bias, &finish);
                let of_channel: Vec<Vec<Scalar>> = sums.iter().map(|&sum| vec![sum]).collect();
                let factors = Factors {
                    source,
                    first: 0_i64.into(),
                    step: 0,
                    sums: &of_channel,
                };
                body.push(dots.add(0_i64.into(), &factors));
                body.extend(stores(&blocks, sums, target, &finish));
                stage.extend(blocks.repeat(body));
                continue;
            }
            let weights = self.block_weights(&kernel_name, &blocks, &[features], &coded, place);
            let (sums, mut body) = self.accumulators(&blocks, bias, &finish);
            let feature = self.builder.variable("feature");
            let value = finish.factor(&self.builder, source, vec![feature.into()]);
            let tap = [feature.into()];
            let step = self.multiply_add(&blocks, &sums, (value, &finish), weights, &tap);
            body.push(Statement::repeat(feature, 0_i64, features, step));
            body.extend(stores(&blocks, sums, target, &finish));
            stage.extend(blocks.repeat(body));
        }
        self.stage(group, stage);
        target
    }
}

/// The largest size up to `most` of which blocks of `units` are equal, so that their code stands
/// once; if only small ones are, that of blocks of nearly equal size.
fn even(units: usize, most: usize) -> usize {
    let sizes = (most / 2 + 1..=most.min(units)).rev();
    sizes
        .into_iter()
        .find(|size| units.is_multiple_of(*size))
        .unwrap_or_else(|| units.div_ceil(units.div_ceil(most)))
}

/// Stores the values for the sums of a block.
fn stores(
    blocks: &Blocks,
    sums: Vec<Scalar>,
    target: BufferId,
    finish: &Finish,
) -> impl Iterator<Item = Statement> {
    let units = blocks.channels().into_iter().zip(sums);
    units.map(move |(unit, sum)| {
        let value = finish.value(sum, &unit);
        Statement::Store(target, vec![unit], value)
    })
}
