//! Mean pooling: the sum of what lies under the window, divided by how much that is.

use gannet_graph::{AveragePool2D, Padding};

use super::Lowering;
use super::windowed::{corner, within};
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Expression, ScalarType, Statement, Unary};

impl Lowering<'_> {
    pub(super) fn average_pool2d(&mut self, group: &Group, layer: &AveragePool2D) -> BufferId {
        let [height, width, channels] = self.source_shape(group).as_image().expect("checked shape");
        let image = [height, width];
        let [rows, columns] = layer.window.positions(image).expect("checked shape");
        let [kernel_height, kernel_width] = layer.window.kernel();
        let source = self.source(group);
        let target = self.value(group);

        let [y, x, channel, ky, kx] =
            ["y", "x", "channel", "ky", "kx"].map(|name| self.builder.variable(name));
        let sum = self.builder.scalar("sum", ScalarType::F32);
        let count = self.builder.scalar("count", ScalarType::I32);
        let [top, left] = corner(layer.window, image, y.into(), x.into());
        let pixel = vec![
            top.clone() + Affine::from(ky),
            left.clone() + Affine::from(kx),
            channel.into(),
        ];
        let mut tap = vec![Statement::Set(
            sum,
            Expression::from(sum) + self.load(source, pixel),
        )];
        let mut body = vec![Statement::Let(sum, 0.0.into())];
        // Without padding the window is always full.
        let divisor = match layer.window.padding() {
            Padding::Valid => Expression::from((kernel_height * kernel_width) as f32),
            Padding::Same => {
                body.push(Statement::Let(count, 0.into()));
                tap.push(Statement::Set(count, Expression::from(count) + 1));
                Expression::from(count).unary(Unary::ToF32)
            }
        };
        let row = within(kx, kernel_width, left, width, tap);
        body.push(within(ky, kernel_height, top, height, vec![row]));
        let place = vec![y.into(), x.into(), channel.into()];
        body.push(Statement::Store(
            target,
            place,
            Expression::from(sum) / divisor,
        ));

        let body = vec![Statement::repeat(channel, 0_i64, channels, body)];
        let body = vec![Statement::repeat(x, 0_i64, columns, body)];
        self.stage(group, vec![Statement::repeat(y, 0_i64, rows, body)]);
        target
    }

    pub(super) fn global_average_pool2d(&mut self, group: &Group) -> BufferId {
        let [height, width, channels] = self.source_shape(group).as_image().expect("checked shape");
        let source = self.source(group);
        let target = self.value(group);
        let [y, x, channel] = ["y", "x", "channel"].map(|name| self.builder.variable(name));
        let sum = self.builder.scalar("sum", ScalarType::F32);
        let value = self.load(source, vec![y.into(), x.into(), channel.into()]);
        let add = Statement::Set(sum, Expression::from(sum) + value);
        let row = Statement::repeat(x, 0_i64, width, vec![add]);
        let mean = Expression::from(sum) / (height * width) as f32;
        let body = vec![
            Statement::Let(sum, 0.0.into()),
            Statement::repeat(y, 0_i64, height, vec![row]),
            Statement::Store(target, vec![channel.into()], mean),
        ];
        self.stage(
            group,
            vec![Statement::repeat(channel, 0_i64, channels, body)],
        );
        target
    }
}
