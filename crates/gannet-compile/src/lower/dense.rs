//! Fully connected layers, with the pointwise function behind them in the same stage.

use gannet_graph::Dense;

use super::Lowering;
use super::channels::{Blocks, Weights};
use super::finish::{Arithmetic, Finish};
use super::integer::Factors;
use crate::fuse::Group;
use crate::ir::{BufferId, Scalar, Statement};

/// Units that are computed side by side, in blocks of nearly equal size. With more, storing them
/// takes more code than loading an input less often is worth.
const MOST_SUMS: usize = 8;
/// The same of integers, whose inputs and weights need the same registers.
const MOST_INTEGER_SUMS: usize = 4;

impl<'g> Lowering<'g> {
    pub(super) fn dense(&mut self, group: &Group, layer: &'g Dense) -> BufferId {
        let name = self.graph.node(group.first()).name().to_owned();
        let Arithmetic {
            finish,
            weights: kernel,
            bias,
        } = self.arithmetic(group, layer.kernel(), layer.bias());
        // A value that was computed in place has the extents of what lay there before.
        let source = self.source(group);
        let source = self.flat(source);
        let target = self.value(group);
        let (features, units) = (layer.features(), layer.units());

        let mut stage = Vec::new();
        let most = match kernel {
            Weights::F32(_) => MOST_SUMS,
            Weights::I8(_) => MOST_INTEGER_SUMS,
        };
        let size = units.div_ceil(units.div_ceil(most));
        for blocks in self.blocks(units, size) {
            let kernel_name = format!("{name}_kernel");
            let place = |tap: usize, unit: usize| tap * units + unit;
            if matches!(kernel, Weights::I8(_)) {
                let extents = [1, features];
                let fours = self.fours(&kernel_name, &blocks, extents, kernel, |_, tap, unit| {
                    place(tap, unit)
                });
                let (sums, mut body) = self.accumulators(&blocks, bias, &finish);
                let of_channel: Vec<Vec<Scalar>> = sums.iter().map(|&sum| vec![sum]).collect();
                let factors = Factors {
                    source,
                    first: vec![0_i64.into()],
                    zero: finish.input_zero(),
                    sums: &of_channel,
                };
                body.extend(fours.add(&mut self.builder, &0_i64.into(), &factors));
                body.extend(stores(&blocks, sums, target, &finish));
                stage.extend(blocks.repeat(body));
                continue;
            }
            let weights = self.block_weights(&kernel_name, &blocks, &[features], kernel, place);
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
