//! Normalization that could not be folded into weights: each channel scaled and shifted.

use gannet_graph::BatchNormalization;

use super::Lowering;
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Constant, Expression, Statement};

impl Lowering<'_> {
    pub(super) fn batch_normalization(
        &mut self,
        group: &Group,
        layer: &BatchNormalization,
    ) -> BufferId {
        let channels = layer.channels();
        let name = self.graph.node(group.first()).name();
        let (scale_name, shift_name) = (format!("{name}_scale"), format!("{name}_shift"));
        let each: Vec<_> = (0..channels).map(|c| layer.scale_shift(c)).collect();
        let scales = Constant::F32(each.iter().map(|one| one.scale as f32).collect());
        let shifts = Constant::F32(each.iter().map(|one| one.shift as f32).collect());
        let scales = self.builder.constant(&scale_name, &[channels], scales);
        let shifts = self.builder.constant(&shift_name, &[channels], shifts);

        let (source, target) = self.in_place(group);
        let (from, to) = (self.flat(source), self.flat(target));
        let rows = self.builder.describe(to).len() / channels;
        let [row, channel] = ["row", "channel"].map(|name| self.builder.variable(name));
        let index = Affine::from(row) * channels as i64 + Affine::from(channel);
        let of_channel = |constant| Expression::Load(constant, vec![channel.into()]);
        let scaled = self.load(from, vec![index.clone()]) * of_channel(scales);
        let store = Statement::Store(to, vec![index], scaled + of_channel(shifts));
        let each_channel = Statement::repeat(channel, 0_i64, channels, vec![store]);
        self.stage(
            group,
            vec![Statement::repeat(row, 0_i64, rows, vec![each_channel])],
        );
        target
    }
}
