//! Transposed convolution: each input pixel adds its multiple of the kernel to the output.

use gannet_graph::Conv2DTranspose;

use super::whole::{nest, where_inside};
use super::{Lowering, load};
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Expression, ScalarType, Statement};

impl Lowering<'_> {
    pub(super) fn conv2d_transpose(
        &mut self,
        group: &Group,
        layer: &Conv2DTranspose,
        sources: &[usize],
    ) -> BufferId {
        let name = self.graph.node(group.first()).name().to_owned();
        let source = self.wholes(group, sources).remove(0);
        let (buffer, target) = self.whole_target(group);
        let bias = self.bias(&name, layer.bias());
        let weights = self.constant_of(&format!("{name}_kernel"), layer.kernel());

        let [height, width, channels] = source.shape.as_image().expect("checked shape");
        let [rows, columns, filters] = target.shape.as_image().expect("checked shape");
        let begin = self.indices(&target.shape);
        let names = ["y", "x", "ky", "kx", "row", "column", "filter", "channel"];
        let [y, x, ky, kx, row, column, filter, channel] =
            names.map(|name| self.builder.variable(name));
        let sum = self.builder.scalar("sum", ScalarType::F32);

        let first = bias.map_or(Expression::F32(0.0), |bias| {
            Expression::Load(bias, vec![begin[2].into()])
        });
        let index: Vec<Affine> = begin.iter().map(|&variable| variable.into()).collect();
        let store = Statement::Store(target.elements, target.at(&index), first);
        let mut stage = nest(&begin, target.shape.dims(), vec![store]);

        let [cut_top, cut_left] = layer.cut().map(Affine::from);
        let ([stride_y, stride_x], [dilation_y, dilation_x]) = (
            layer.window().stride().map(|stride| stride as i64),
            layer.window().dilation().map(|dilation| dilation as i64),
        );
        let top = Affine::from(y) * stride_y + Affine::from(ky) * dilation_y - cut_top;
        let left = Affine::from(x) * stride_x + Affine::from(kx) * dilation_x - cut_left;
        let pixel = source.at(&[y.into(), x.into(), channel.into()]);
        let weight = weights.at(&[ky.into(), kx.into(), filter.into(), channel.into()]);
        let product = load(&self.builder, source.elements, pixel)
            * Expression::Load(weights.elements, weight);
        let add = Statement::Set(sum, Expression::from(sum) + product);
        let place = target.at(&[row.into(), column.into(), filter.into()]);
        let body = vec![
            Statement::Let(sum, Expression::Load(target.elements, place.clone())),
            Statement::repeat(channel, 0_i64, channels, vec![add]),
            Statement::Store(target.elements, place, sum.into()),
        ];
        let body = vec![Statement::repeat(filter, 0_i64, filters, body)];
        let body = vec![where_inside(column, left, columns, body)];
        let [kernel_height, kernel_width] = layer.window().kernel();
        let body = vec![Statement::repeat(kx, 0_i64, kernel_width, body)];
        let body = vec![where_inside(row, top, rows, body)];
        stage.extend(nest(&[y, x, ky], &[height, width, kernel_height], body));
        stage.extend(self.apply_to_all(group.function, &target));
        self.stage(group, stage);
        buffer
    }
}
