//! Convolution, with the ReLU and the maximum pooling behind it in the same stage.
//!
//! Without pooling each output is written once. With pooling a row of outputs is computed into
//! a row buffer and merged into every pooled row that it belongs to, so nothing is computed
//! twice, the whole convolution output never exists, and rows and columns that pooling does
//! not read are left out.

use gannet_graph::{Conv2D, Layer, Window};

use super::Lowering;
use super::channels::Blocks;
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Constant, Element, Expression, Loop, Statement, Variable};

/// A convolution as it is lowered.
struct Convolution<'l> {
    layer: &'l Conv2D,
    name: String,
    source: BufferId,
    /// Height and width of the input.
    image: [usize; 2],
    bias: Option<BufferId>,
    relu: bool,
}

impl Lowering<'_> {
    pub(super) fn conv2d(&mut self, group: &Group, layer: &Conv2D) -> BufferId {
        let [height, width, _] = self.source_shape(group).as_image().expect("checked shape");
        let name = self.graph.node(group.first()).name().to_owned();
        let bias = layer.bias().map(|bias| {
            let values = Constant::F32(bias.data().to_vec());
            self.builder
                .constant(&format!("{name}_bias"), &[layer.filters()], values)
        });
        let source = self.source(group);
        let image = [height, width];
        // Maximum and ReLU commute: behind pooling ReLU is the value that maxima start from.
        let relu = group.relu && group.pool.is_none();
        let convolution = Convolution {
            layer,
            name,
            source,
            image,
            bias,
            relu,
        };
        let target = self.value(group);
        let body = match group.pool {
            None => self.conv2d_whole(&convolution, target),
            Some(pool) => {
                let Layer::MaxPool2D(pool) = self.graph.node(pool).layer() else {
                    unreachable!("a group's pool is a pooling layer")
                };
                self.conv2d_pooled(&convolution, pool.window, group.relu, target)
            }
        };
        self.stage(group, body);
        target
    }

    fn conv2d_whole(&mut self, convolution: &Convolution, target: BufferId) -> Vec<Statement> {
        let [rows, columns] = convolution.positions();
        let (y, x) = (self.builder.variable("y"), self.builder.variable("x"));
        let pixel = self.conv2d_pixel(convolution, y.into(), x, |channel| {
            (target, vec![y.into(), x.into(), channel])
        });
        let row = vec![Statement::repeat(x, 0_i64, columns, pixel)];
        vec![Statement::repeat(y, 0_i64, rows, row)]
    }

    /// A convolution row `y` meets window row `k` of pooled row `p` where
    /// `y + pad = stride·p + k`. With `y + pad = stride·q + r` these are the pooled rows
    /// `p = q − d` with `r + stride·d < kernel`: few values of `d`, which are written out.
    fn conv2d_pooled(
        &mut self,
        convolution: &Convolution,
        pool: Window,
        relu: bool,
        target: BufferId,
    ) -> Vec<Statement> {
        let filters = convolution.layer.filters();
        let positions = convolution.positions();
        let pooled = pool.positions(positions).expect("checked shape");
        let pad = pool.pad_before(positions);
        let [kernel, stride] = [pool.kernel(), pool.stride()];
        // How much of the convolution output pooling reads.
        let [rows, columns] = [0, 1].map(|axis| {
            let end = (pooled[axis] - 1) * stride[axis] + kernel[axis] - pad[axis];
            end.min(positions[axis])
        });

        let row = self.builder.buffer(
            &format!("{}_row", convolution.name),
            Element::F32,
            &[columns, filters],
        );
        let mut body = self.fill(target, if relu { 0.0 } else { f32::NEG_INFINITY });

        let (q, r) = (self.builder.variable("q"), self.builder.variable("r"));
        let y = Affine::from(q) * stride[0] as i64 + Affine::from(r) - Affine::from(pad[0]);
        let x = self.builder.variable("x");
        let pixel = self.conv2d_pixel(convolution, y.clone(), x, |channel| {
            (row, vec![x.into(), channel])
        });
        let mut each_row = vec![Statement::repeat(x, 0_i64, columns, pixel)];
        for d in 0..kernel[0].div_ceil(stride[0]) {
            let p = Affine::from(q) - Affine::from(d);
            let merge = self.merge_row(row, [columns, filters], pool, pad[1], target, p.clone());
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
    fn fill(&mut self, target: BufferId, value: f32) -> Vec<Statement> {
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
        [columns, filters]: [usize; 2],
        pool: Window,
        pad: usize,
        target: BufferId,
        p: Affine,
    ) -> Vec<Statement> {
        let [_, kernel] = pool.kernel();
        let [_, stride] = pool.stride();
        let [_, pooled_columns, _] = self.builder.describe(target).extents[..] else {
            unreachable!("an image")
        };
        let (column, channel) = (
            self.builder.variable("column"),
            self.builder.variable("channel"),
        );
        let place = vec![p, column.into(), channel.into()];
        let largest = self.builder.scalar("largest", crate::ir::ScalarType::F32);
        let first = Affine::from(column) * stride as i64 - Affine::from(pad);
        let under = |x: Affine| Expression::Load(row, vec![x, channel.into()]);

        let before = Statement::Let(largest, Expression::Load(target, place.clone()));
        let mut body = vec![before];
        let inside = pad == 0 && (pooled_columns - 1) * stride + kernel <= columns;
        if inside {
            body.extend((0..kernel).map(|k| {
                let x = first.clone() + Affine::from(k);
                Statement::Set(largest, Expression::from(largest).max(under(x)))
            }));
        } else {
            let k = self.builder.variable("k");
            let x = first.clone() + Affine::from(k);
            body.push(Statement::For(Loop {
                variable: k,
                from: vec![0_i64.into(), first.clone() * -1],
                to: vec![kernel.into(), Affine::from(columns) - first],
                body: vec![Statement::Set(
                    largest,
                    Expression::from(largest).max(under(x)),
                )],
            }));
        }
        body.push(Statement::Store(target, place, largest.into()));
        let each_channel = Statement::repeat(channel, 0_i64, filters, body);
        vec![Statement::repeat(
            column,
            0_i64,
            pooled_columns,
            vec![each_channel],
        )]
    }

    /// All channels of the output at row `y`, column `x`, stored where `place(channel)` tells.
    fn conv2d_pixel(
        &mut self,
        convolution: &Convolution,
        y: Affine,
        x: Variable,
        place: impl Fn(Affine) -> (BufferId, Vec<Affine>),
    ) -> Vec<Statement> {
        let blocks = self.blocks(convolution.layer.filters());
        blocks
            .iter()
            .flat_map(|blocks| {
                let (sums, mut body) = self.accumulators(blocks, convolution.bias);
                body.push(self.conv2d_taps(convolution, blocks, &sums, y.clone(), x));
                body.extend(sums.iter().enumerate().map(|(j, &sum)| {
                    let (buffer, index) = place(blocks.channel(j));
                    let value = Expression::from(sum);
                    let value = if convolution.relu {
                        value.max(0.0)
                    } else {
                        value
                    };
                    Statement::Store(buffer, index, value)
                }));
                blocks.repeat(body)
            })
            .collect()
    }

    /// Adds up the window at row `y`, column `x` for one block of channels.
    fn conv2d_taps(
        &mut self,
        convolution: &Convolution,
        blocks: &Blocks,
        sums: &[crate::ir::Scalar],
        y: Affine,
        x: Variable,
    ) -> Statement {
        let layer = convolution.layer;
        let window = layer.window();
        let ([kernel_height, kernel_width], channels) = (window.kernel(), layer.channels());
        let kernel = layer.kernel().data();
        let filters = layer.filters();
        let weights = self.block_weights(
            &format!("{}_kernel", convolution.name),
            blocks,
            &[kernel_height, kernel_width, channels],
            |tap, filter| kernel[tap * filters + filter],
        );

        let ky = self.builder.variable("ky");
        let kx = self.builder.variable("kx");
        let channel = self.builder.variable("channel");
        let [pad_top, pad_left] = window.pad_before(convolution.image);
        let [stride_y, stride_x] = window.stride().map(|stride| stride as i64);
        let [height, width] = convolution.image;
        let top = y * stride_y - Affine::from(pad_top);
        let left = Affine::from(x) * stride_x - Affine::from(pad_left);

        // One channel needs no loop of its own.
        let channel_index = if channels == 1 {
            Affine::from(0_i64)
        } else {
            Affine::from(channel)
        };
        let pixel = vec![
            top.clone() + Affine::from(ky),
            left.clone() + Affine::from(kx),
            channel_index.clone(),
        ];
        let value = self.load(convolution.source, pixel);
        let taps = [ky.into(), kx.into(), channel_index];
        let mut body = self.multiply_add(blocks, sums, value, weights, &taps);
        if channels > 1 {
            body = vec![Statement::repeat(channel, 0_i64, channels, body)];
        }
        let row = within(kx, kernel_width, left, width, body);
        within(ky, kernel_height, top, height, vec![row])
    }
}

impl Convolution<'_> {
    fn positions(&self) -> [usize; 2] {
        self.layer
            .window()
            .positions(self.image)
            .expect("checked shape")
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
