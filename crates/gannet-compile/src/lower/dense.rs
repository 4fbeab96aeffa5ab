//! Fully connected layers, with the pointwise function behind them in the same stage.

use gannet_graph::Dense;

use super::activation::pointwise;
use super::{Lowering, load};
use crate::fuse::Group;
use crate::ir::{BufferId, Statement};

/// Units that are computed side by side, in blocks of nearly equal size. With more, storing them
/// takes more code than loading an input less often is worth.
const MOST_SUMS: usize = 8;

impl Lowering<'_> {
    pub(super) fn dense(&mut self, group: &Group, layer: &Dense) -> BufferId {
        let name = self.graph.node(group.first()).name().to_owned();
        let bias = self.bias(&name, layer.bias());
        let source = self.source(group);
        let target = self.value(group);
        let (features, units, kernel) = (layer.features(), layer.units(), layer.kernel().data());

        let mut stage = Vec::new();
        let size = units.div_ceil(units.div_ceil(MOST_SUMS));
        for blocks in self.blocks(units, size) {
            let kernel_name = format!("{name}_kernel");
            let weights = self.block_weights(&kernel_name, &blocks, &[features], |tap, unit| {
                kernel[tap * units + unit]
            });
            let (sums, mut body) = self.accumulators(&blocks, bias);
            let feature = self.builder.variable("feature");
            let value = load(&self.builder, source, vec![feature.into()]);
            let step = self.multiply_add(&blocks, &sums, value, weights, &[feature.into()]);
            body.push(Statement::repeat(feature, 0_i64, features, step));
            body.extend(blocks.channels().into_iter().zip(sums).map(|(unit, sum)| {
                Statement::Store(target, vec![unit], pointwise(group.function, sum))
            }));
            stage.extend(blocks.repeat(body));
        }
        self.stage(group, stage);
        target
    }
}
