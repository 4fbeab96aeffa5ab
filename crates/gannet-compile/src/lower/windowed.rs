//! Layers that slide a window over an image, with the maximum pooling behind them in the same
//! stage.
//!
//! Without pooling each output is written once. With pooling a row of outputs is computed into
//! a row buffer and merged into every pooled row that it belongs to, so nothing is computed
//! twice, the whole output never exists, and rows and columns that pooling does not read are
//! left out.

use gannet_graph::{Function, Layer, Tensor, Window};

use super::Lowering;
use super::activation::pointwise;
use crate::fuse::Group;
use crate::ir::{
    Affine, BufferId, Element, Expression, Loop, Scalar, ScalarType, Statement, Variable,
};

/// A wider pooling window is a loop and not written out.
const MOST_UNROLLED: usize = 4;

/// What is to be done with a block of sums, each with its channel.
pub(super) type Finish<'f> = dyn Fn(&[(Scalar, Affine)]) -> Vec<Statement> + 'f;

/// What every layer has that slides a window and adds up.
pub(super) struct Sliding {
    /// The layer's name.
    pub(super) name: String,
    /// Where its input lies.
    pub(super) source: BufferId,
    /// Height and width of the input.
    pub(super) image: [usize; 2],
    /// The window.
    pub(super) window: Window,
    /// How many channels there are at each position.
    pub(super) channels: usize,
    /// What the sums begin with.
    pub(super) bias: Option<BufferId>,
}

impl Sliding {
    /// How many positions there are, `[rows, columns]`.
    fn positions(&self) -> [usize; 2] {
        self.window.positions(self.image).expect("checked shape")
    }

    /// See [`corner`].
    pub(super) fn corner(&self, y: Affine, x: Variable) -> [Affine; 2] {
        corner(self.window, self.image, y, x.into())
    }
}

/// A layer that computes all channels at one position of its window.
pub(super) trait Windowed {
    /// What slides over what.
    fn sliding(&self) -> &Sliding;

    /// Computes the sums at row `y`, column `x`; `finish` says what to do with each block of
    /// them, given the channel of each accumulator.
    fn sums(
        &self,
        lowering: &mut Lowering<'_>,
        y: Affine,
        x: Variable,
        finish: &Finish<'_>,
    ) -> Vec<Statement>;
}

impl Lowering<'_> {
    /// The first layer of `group`, with a window, so many output channels and a bias.
    pub(super) fn sliding(
        &mut self,
        group: &Group,
        window: Window,
        channels: usize,
        bias: Option<&Tensor>,
    ) -> Sliding {
        let [height, width, _] = self.source_shape(group).as_image().expect("checked shape");
        let name = self.graph.node(group.first()).name().to_owned();
        Sliding {
            source: self.source(group),
            image: [height, width],
            window,
            channels,
            bias: self.bias(&name, bias),
            name,
        }
    }

    /// The stage of `group`, whose first layer is `layer`.
    pub(super) fn windowed(&mut self, group: &Group, layer: &dyn Windowed) -> BufferId {
        let target = self.value(group);
        let body = match group.pool {
            None => self.whole(layer, group.function, target),
            Some(pool) => {
                let Layer::MaxPool2D(pool) = self.graph.node(pool).layer() else {
                    unreachable!("a group's pool is a pooling layer")
                };
                self.pooled(layer, pool.window, group.function, target)
            }
        };
        self.stage(group, body);
        target
    }

    fn whole(
        &mut self,
        layer: &dyn Windowed,
        function: Function,
        target: BufferId,
    ) -> Vec<Statement> {
        let [rows, columns] = layer.sliding().positions();
        let [y, x] = ["y", "x"].map(|name| self.builder.variable(name));
        let pixel = layer.sums(self, y.into(), x, &|sums| {
            let store = |(sum, channel): &(Scalar, Affine)| {
                let place = vec![y.into(), x.into(), channel.clone()];
                Statement::Store(target, place, pointwise(function, *sum))
            };
            sums.iter().map(store).collect()
        });
        let row = vec![Statement::repeat(x, 0_i64, columns, pixel)];
        vec![Statement::repeat(y, 0_i64, rows, row)]
    }

    /// A row `y` of outputs meets window row `k` of pooled row `p` where
    /// `y + pad = stride·p + k`. With `y + pad = stride·q + r` these are the pooled rows
    /// `p = q − d` with `r + stride·d < kernel`: few values of `d`, which are written out.
    fn pooled(
        &mut self,
        layer: &dyn Windowed,
        pool: Window,
        function: Function,
        target: BufferId,
    ) -> Vec<Statement> {
        let sliding = layer.sliding();
        let (channels, positions) = (sliding.channels, sliding.positions());
        let pooled = pool.positions(positions).expect("checked shape");
        let pad = pool.pad_before(positions);
        let [kernel, stride] = [pool.kernel(), pool.stride()];
        // How much of the output pooling reads.
        let [rows, columns] = [0, 1].map(|axis| {
            let end = (pooled[axis] - 1) * stride[axis] + kernel[axis] - pad[axis];
            end.min(positions[axis])
        });

        // Maximum and ReLU commute: maxima that start from zero are ReLU's values already.
        let (begin, function) = match function {
            Function::Relu => (0.0, Function::Linear),
            other => (f32::NEG_INFINITY, other),
        };
        let mut body = self.fill(target, begin);
        let row_name = format!("{}_row", sliding.name);
        let row = self
            .builder
            .buffer(&row_name, Element::F32, &[columns, channels]);

        let [q, r, x] = ["q", "r", "x"].map(|name| self.builder.variable(name));
        let y = Affine::from(q) * stride[0] as i64 + Affine::from(r) - Affine::from(pad[0]);
        let pixel = layer.sums(self, y, x, &|sums| {
            let store = |(sum, channel): &(Scalar, Affine)| {
                let place = vec![x.into(), channel.clone()];
                Statement::Store(row, place, pointwise(function, *sum))
            };
            sums.iter().map(store).collect()
        });
        let mut each_row = vec![Statement::repeat(x, 0_i64, columns, pixel)];
        for d in 0..kernel[0].div_ceil(stride[0]) {
            let p = Affine::from(q) - Affine::from(d);
            let merge = self.merge_row(row, [columns, channels], pool, pad[1], target, p.clone());
            let below_kernel =
                Affine::from(kernel[0]) - Affine::from(1 + stride[0] * d) - Affine::from(r);
            let last = Affine::from(pooled[0] - 1) - p.clone();
            each_row.push(Statement::If(vec![below_kernel, p, last], merge));
        }
        let first_of_row = Affine::from(pad[0]) - Affine::from(q) * stride[0] as i64;
        let rows_left = Affine::from(rows) + first_of_row.clone();
        let rows_of_q = Statement::For(Loop {
            variable: r,
            from: vec![0_i64.into(), first_of_row],
            to: vec![stride[0].min(kernel[0]).into(), rows_left],
            body: each_row,
        });
        let blocks_of_rows = (rows + pad[0]).div_ceil(stride[0]);
        body.push(Statement::repeat(q, 0_i64, blocks_of_rows, vec![rows_of_q]));
        body
    }

    /// Sets every element of `target` to `value`.
    pub(super) fn fill(&mut self, target: BufferId, value: f32) -> Vec<Statement> {
        let flat = self.flat(target);
        let elements = self.builder.describe(flat).len();
        let i = self.builder.variable("i");
        let store = Statement::Store(flat, vec![i.into()], value.into());
        vec![Statement::repeat(i, 0_i64, elements, vec![store])]
    }

    /// Raises pooled row `p` of `target` to the maxima over a row of outputs.
    fn merge_row(
        &mut self,
        row: BufferId,
        [columns, channels]: [usize; 2],
        pool: Window,
        pad: usize,
        target: BufferId,
        p: Affine,
    ) -> Vec<Statement> {
        let [_, kernel] = pool.kernel();
        let [_, stride] = pool.stride();
        let [_, pooled_columns, _] = self.builder.describe(target).extents[..] else {
            unreachable!("pooling gives an image")
        };
        let [column, channel] = ["column", "channel"].map(|name| self.builder.variable(name));
        let place = vec![p, column.into(), channel.into()];
        let largest = self.builder.scalar("largest", ScalarType::F32);
        let first = Affine::from(column) * stride as i64 - Affine::from(pad);
        let raise_to = |x: Affine| {
            let value = Expression::Load(row, vec![x, channel.into()]);
            Statement::Set(largest, Expression::from(largest).max(value))
        };

        let before = Expression::Load(target, place.clone());
        let mut body = vec![Statement::Let(largest, before)];
        let inside = pad == 0
            && kernel <= MOST_UNROLLED
            && (pooled_columns - 1) * stride + kernel <= columns;
        if inside {
            body.extend((0..kernel).map(|k| raise_to(first.clone() + Affine::from(k))));
        } else {
            let k = self.builder.variable("k");
            let raise = raise_to(first.clone() + Affine::from(k));
            body.push(within(k, kernel, first, columns, vec![raise]));
        }
        body.push(Statement::Store(target, place, largest.into()));
        let each_channel = Statement::repeat(channel, 0_i64, channels, body);
        vec![Statement::repeat(
            column,
            0_i64,
            pooled_columns,
            vec![each_channel],
        )]
    }
}

/// A loop over the part of a window that lies inside its image: `variable` runs over the
/// window's extent where `0 ≤ first + variable < limit`.
pub(super) fn within(
    variable: Variable,
    extent: usize,
    first: Affine,
    limit: usize,
    body: Vec<Statement>,
) -> Statement {
    Statement::For(Loop {
        variable,
        from: vec![0_i64.into(), first.clone() * -1],
        to: vec![extent.into(), Affine::from(limit) - first],
        body,
    })
}

/// The row and column of the image that the window's first element lies on at an output's row
/// `y` and column `x`; negative in the padding.
pub(super) fn corner(window: Window, image: [usize; 2], y: Affine, x: Affine) -> [Affine; 2] {
    let [stride_y, stride_x] = window.stride().map(|stride| stride as i64);
    let [pad_top, pad_left] = window.pad_before(image).map(Affine::from);
    [y * stride_y - pad_top, x * stride_x - pad_left]
}
