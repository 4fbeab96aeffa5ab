//! Fully connected layers, with the ReLU behind them in the same stage.

use gannet_graph::Dense;

use super::Lowering;
use crate::fuse::Group;
use crate::ir::{BufferId, Constant, Expression, Statement};

impl Lowering<'_> {
    pub(super) fn dense(&mut self, group: &Group, layer: &Dense) -> BufferId {
        let name = self.graph.node(group.first()).name();
        let (kernel_name, bias_name) = (format!("{name}_kernel"), format!("{name}_bias"));
        let bias = layer.bias().map(|bias| {
            let values = Constant::F32(bias.data().to_vec());
            self.builder.constant(&bias_name, &[layer.units()], values)
        });
        let source = self.source(group);
        let target = self.value(group);
        let (features, units, kernel) = (layer.features(), layer.units(), layer.kernel().data());

        let mut stage = Vec::new();
        for blocks in self.blocks(units) {
            let weights = self.block_weights(&kernel_name, &blocks, &[features], |tap, unit| {
                kernel[tap * units + unit]
            });
            let (sums, mut body) = self.accumulators(&blocks, bias);
            let feature = self.builder.variable("feature");
            let value = self.load(source, vec![feature.into()]);
            let step = self.multiply_add(&blocks, &sums, value, weights, &[feature.into()]);
            body.push(Statement::repeat(feature, 0_i64, features, step));
            body.extend(sums.iter().enumerate().map(|(j, &sum)| {
                let value = Expression::from(sum);
                let value = if group.relu { value.max(0.0) } else { value };
                Statement::Store(target, vec![blocks.channel(j)], value)
            }));
            stage.extend(blocks.repeat(body));
        }
        self.stage(group, stage);
        target
    }
}
