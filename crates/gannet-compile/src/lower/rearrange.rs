//! Layers that put values elsewhere: cropping, upsampling by the nearest pixel, permutation.

use gannet_graph::{Cropping2D, Permute, UpSampling2D};

use super::whole::nest;
use super::{Lowering, load};
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Statement};

impl Lowering<'_> {
    pub(super) fn cropping2d(
        &mut self,
        group: &Group,
        layer: &Cropping2D,
        sources: &[usize],
    ) -> BufferId {
        let [top, left] = [layer.vertical[0], layer.horizontal[0]].map(Affine::from);
        self.gathered(group, sources, |index| {
            let [y, x, channel] = &index[..] else {
                unreachable!("an image has three extents")
            };
            vec![y.clone() + top, x.clone() + left, channel.clone()]
        })
    }

    pub(super) fn permute(
        &mut self,
        group: &Group,
        layer: &Permute,
        sources: &[usize],
    ) -> BufferId {
        self.gathered(group, sources, |index| {
            let mut from = index.clone();
            for (place, &extent) in layer.order().iter().enumerate() {
                from[extent] = index[place].clone();
            }
            from
        })
    }

    /// Each element of the target from the place in the source that `from` tells.
    fn gathered(
        &mut self,
        group: &Group,
        sources: &[usize],
        from: impl FnOnce(Vec<Affine>) -> Vec<Affine>,
    ) -> BufferId {
        let source = self.wholes(group, sources).remove(0);
        let (buffer, target) = self.whole_target(group);
        let variables = self.indices(&target.shape);
        let index: Vec<Affine> = variables.iter().map(|&variable| variable.into()).collect();
        let to = target.at(&index);
        let value = load(&self.builder, source.elements, source.at(&from(index)));
        let copy = vec![Statement::Store(target.elements, to, value)];
        self.stage(group, nest(&variables, target.shape.dims(), copy));
        buffer
    }

    /// Each pixel of the source goes to a block of pixels.
    pub(super) fn up_sampling2d(
        &mut self,
        group: &Group,
        layer: &UpSampling2D,
        sources: &[usize],
    ) -> BufferId {
        let source = self.wholes(group, sources).remove(0);
        let (buffer, target) = self.whole_target(group);
        let [height, width, channels] = source.shape.as_image().expect("checked shape");
        let names = ["y", "down", "x", "across", "channel"];
        let [y, down, x, across, channel] = names.map(|name| self.builder.variable(name));
        let [vertical, horizontal] = layer.size();
        let row = Affine::from(y) * vertical as i64 + Affine::from(down);
        let column = Affine::from(x) * horizontal as i64 + Affine::from(across);
        let from = source.at(&[y.into(), x.into(), channel.into()]);
        let value = load(&self.builder, source.elements, from);
        let to = target.at(&[row, column, channel.into()]);
        let copy = vec![Statement::Store(target.elements, to, value)];
        let extents = [height, vertical, width, horizontal, channels];
        self.stage(group, nest(&[y, down, x, across, channel], &extents, copy));
        buffer
    }
}
