//! Fully connected layers, with the pointwise function behind them in the same stage.

use gannet_graph::Dense;

use super::Lowering;
use super::finish::Arithmetic;
use crate::fuse::Group;
use crate::ir::{BufferId, Statement};

/// Units that are computed side by side, in blocks of nearly equal size. With more, storing them
/// takes more code than loading an input less often is worth.
const MOST_SUMS: usize = 8;

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
        let size = units.div_ceil(units.div_ceil(MOST_SUMS));
        for blocks in self.blocks(units, size) {
            let kernel_name = format!("{name}_kernel");
            let place = |tap: usize, unit: usize| tap * units + unit;
            let weights = self.block_weights(&kernel_name, &blocks, &[features], kernel, place);
            let (sums, mut body) = self.accumulators(&blocks, bias, &finish);
            let feature = self.builder.variable("feature");
            let value = finish.factor(&self.builder, source, vec![feature.into()]);
            let tap = [feature.into()];
            let step = self.multiply_add(&blocks, &sums, (value, &finish), weights, &tap);
            body.push(Statement::repeat(feature, 0_i64, features, step));
            body.extend(blocks.channels().into_iter().zip(sums).map(|(unit, sum)| {
                let value = finish.value(sum, &unit);
                Statement::Store(target, vec![unit], value)
            }));
            stage.extend(blocks.repeat(body));
        }
        self.stage(group, stage);
        target
    }
}
