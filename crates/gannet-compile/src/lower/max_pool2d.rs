//! Maximum pooling that no convolution took up.

use gannet_graph::MaxPool2D;

use super::Lowering;
use super::windowed::{corner, within};
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Expression, ScalarType, Statement};

impl Lowering<'_> {
    pub(super) fn max_pool2d(&mut self, group: &Group, layer: &MaxPool2D) -> BufferId {
        let [height, width, channels] = self.source_shape(group).as_image().expect("checked shape");
        let [rows, columns] = layer
            .window
            .positions([height, width])
            .expect("checked shape");
        let [kernel_height, kernel_width] = layer.window.kernel();
        let source = self.source(group);
        let target = self.value(group);

        let [y, x, channel, ky, kx] =
            ["y", "x", "channel", "ky", "kx"].map(|name| self.builder.variable(name));
        let largest = self.builder.scalar("largest", ScalarType::F32);
        let [top, left] = corner(layer.window, [height, width], y.into(), x.into());
        let pixel = vec![
            top.clone() + Affine::from(ky),
            left.clone() + Affine::from(kx),
            channel.into(),
        ];
        let value = self.load(source, pixel);
        let raise = Statement::Set(largest, Expression::from(largest).max(value));
        let row = within(kx, kernel_width, left, width, vec![raise]);
        let body = vec![
            Statement::Let(largest, f32::NEG_INFINITY.into()),
            within(ky, kernel_height, top, height, vec![row]),
            Statement::Store(
                target,
                vec![y.into(), x.into(), channel.into()],
                largest.into(),
            ),
        ];
        let body = vec![Statement::repeat(channel, 0_i64, channels, body)];
        let body = vec![Statement::repeat(x, 0_i64, columns, body)];
        self.stage(group, vec![Statement::repeat(y, 0_i64, rows, body)]);
        target
    }
}
