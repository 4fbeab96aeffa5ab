//! Convolutions that are not computed row by row: with several groups, with holes in the window, or
//! of integers of 16 bits. One sum at a time.

use gannet_graph::{Layer, Tensor, Window};

use super::Lowering;
use super::whole::{nest, where_inside};
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Element, Expression, Statement};

/// A convolution of any kind: a depthwise one has as many groups as channels.
struct Spread<'l> {
    window: Window,
    kernel: &'l Tensor,
    bias: Option<&'l Tensor>,
    groups: usize,
}

impl<'l> Spread<'l> {
    /// The layer, if it is a convolution.
    fn of(layer: &'l Layer) -> Option<Self> {
        Some(match layer {
            Layer::Conv2D(layer) => Spread {
                window: layer.window(),
                kernel: layer.kernel(),
                bias: layer.bias(),
                groups: layer.groups(),
            },
            Layer::DepthwiseConv2D(layer) => Spread {
                window: layer.window(),
                kernel: layer.kernel(),
                bias: layer.bias(),
                groups: layer.channels(),
            },
            _ => return None,
        })
    }
}

/// Whether a layer, of a network whose values are made of `values`, is a convolution that is not
/// computed row by row.
pub(crate) fn is_spread(layer: &Layer, values: Element) -> bool {
    let has_groups = matches!(layer, Layer::Conv2D(layer) if layer.groups() > 1);
    Spread::of(layer).is_some_and(|spread| {
        has_groups || spread.window.dilation() != [1, 1] || values == Element::I16
    })
}

impl Lowering<'_> {
    pub(super) fn spread_conv2d(&mut self, group: &Group, sources: &[usize]) -> BufferId {
        let node = self.graph.node(group.first());
        let layer = Spread::of(node.layer()).expect("a convolution of this kind");
        let source = self.wholes(group, sources).remove(0);
        let (buffer, target) = self.whole_target(group);
        let arithmetic = self.arithmetic(group, (layer.kernel, layer.bias), false);
        let finish = arithmetic.finish;
        let elements = layer.kernel.data().len();
        let weights = arithmetic.weights.in_order(0..elements);
        let name = format!("{}_kernel", node.name());
        let weights = self.builder.constant(&name, &[elements], weights);

        let [height, width, channels] = source.shape.as_image().expect("checked shape");
        let [rows, columns, filters] = target.shape.as_image().expect("checked shape");
        let [of_group, filters_of_group] = [channels, filters].map(|all| all / layer.groups);
        let names = [
            "y", "x", "group", "filter", "ky", "kx", "row", "column", "channel",
        ];
        let [y, x, g, f, ky, kx, row, column, channel] =
            names.map(|name| self.builder.variable(name));
        let sum = self.builder.scalar("sum", finish.sum_type());
        let filter = Affine::from(g) * filters_of_group as i64 + Affine::from(f);

        let [pad_top, pad_left] = layer.window.pad_before([height, width]).map(Affine::from);
        let ([stride_y, stride_x], [dilation_y, dilation_x]) = (
            layer.window.stride().map(|stride| stride as i64),
            layer.window.dilation().map(|dilation| dilation as i64),
        );
        let top = Affine::from(y) * stride_y + Affine::from(ky) * dilation_y - pad_top;
        let left = Affine::from(x) * stride_x + Affine::from(kx) * dilation_x - pad_left;

        let of_pixel = Affine::from(g) * of_group as i64 + Affine::from(channel);
        let pixel = source.at(&[row.into(), column.into(), of_pixel]);
        // [ky, kx, channel of the group, filter], whatever the kernel's extents are called.
        let [kernel_height, kernel_width] = layer.window.kernel();
        let tap = (Affine::from(ky) * kernel_width as i64 + Affine::from(kx)) * of_group as i64
            + Affine::from(channel);
        let weight = vec![tap * filters as i64 + filter.clone()];
        let factor = finish.factor(&self.builder, source.elements, pixel);
        let product = finish.product(factor, Expression::Load(weights, weight));
        let add = vec![Statement::Set(sum, Expression::from(sum) + product)];
        let of_column = vec![Statement::repeat(channel, 0_i64, of_group, add)];
        let of_column = vec![where_inside(column, left, width, of_column)];
        let of_row = vec![Statement::repeat(kx, 0_i64, kernel_width, of_column)];
        let of_row = vec![where_inside(row, top, height, of_row)];

        let begin = finish.begin(arithmetic.bias, &filter);
        let place = target.at(&[y.into(), x.into(), filter.clone()]);
        let body = vec![
            Statement::Let(sum, begin),
            Statement::repeat(ky, 0_i64, kernel_height, of_row),
            Statement::Store(target.elements, place, finish.value(sum, &filter)),
        ];
        let extents = [rows, columns, layer.groups, filters_of_group];
        self.stage(group, nest(&[y, x, g, f], &extents, body));
        buffer
    }
}
