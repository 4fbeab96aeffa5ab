//! Each channel scaled and shifted: normalization that could not be folded into weights, and
//! rescaling.

use gannet_graph::ScaleShift;

use super::rows::Rows;
use super::{Lowering, load};
use crate::ir::{Constant, Expression, Statement};

impl Lowering<'_> {
    pub(super) fn scale_shift(
        &mut self,
        name: &str,
        each: impl Iterator<Item = ScaleShift>,
        rows: &Rows,
    ) -> Vec<Statement> {
        let each: Vec<ScaleShift> = each.collect();
        let channels = each.len();
        let scales = Constant::F32(each.iter().map(|one| one.scale as f32).collect());
        let shifts = Constant::F32(each.iter().map(|one| one.shift as f32).collect());
        let scales = (self.builder).constant(&format!("{name}_scale"), &[channels], scales);
        let shifts = (self.builder).constant(&format!("{name}_shift"), &[channels], shifts);

        let Rows { target, y, .. } = rows;
        let source = rows.source();
        let [x, channel] = ["x", "channel"].map(|name| self.builder.variable(name));
        let of_channel = |constant| Expression::Load(constant, vec![channel.into()]);
        source.at(&mut self.builder, (*y).into(), |builder, from| {
            target.at(builder, (*y).into(), |builder, to| {
                let index = from.pixel(x.into(), channel.into());
                let scaled = load(builder, source.pixels, index) * of_channel(scales);
                let index = to.pixel(x.into(), channel.into());
                let store = Statement::Store(target.pixels, index, scaled + of_channel(shifts));
                let pixel = vec![Statement::repeat(channel, 0_i64, channels, vec![store])];
                vec![Statement::repeat(x, 0_i64, target.shape[1], pixel)]
            })
        })
    }
}
