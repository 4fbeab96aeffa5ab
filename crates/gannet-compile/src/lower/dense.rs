//! Fully connected layers, with the pointwise function behind them in the same stage.

use gannet_graph::Dense;

use super::Lowering;
use super::activation::pointwise;
use crate::fuse::Group;
use crate::ir::{BufferId, Statement};

impl Lowering<'_> {
    pub(super) fn dense(&mut self, group: &Group, layer: &Dense) -> BufferId {
        let name = self.graph.node(group.first()).name().to_owned();
        let bias = self.bias(&name, layer.bias());
        let source = self.source(group);
        let target = self.value(group);
        let (features, units, kernel) = (layer.features(), layer.units(), layer.kernel().data());

        let mut stage = Vec::new();
        for blocks in self.blocks(units) {
            let kernel_name = format!("{name}_kernel");
            let weights = self.block_weights(&kernel_name, &blocks, &[features], |tap, unit| {
                kernel[tap * units + unit]
            });
            let (sums, mut body) = self.accumulators(&blocks, bias);
            let feature = self.builder.variable("feature");
            let value = self.load(source, vec![feature.into()]);
            let step = self.multiply_add(&blocks, &sums, value, weights, &[feature.into()]);
            body.push(Statement::repeat(feature, 0_i64, features, step));
            body.extend(blocks.with_channels(&sums).into_iter().map(|(sum, unit)| {
                Statement::Store(target, vec![unit], pointwise(group.function, sum))
            }));
            stage.extend(blocks.repeat(body));
        }
        self.stage(group, stage);
        target
    }
}
