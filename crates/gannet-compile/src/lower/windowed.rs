//! Layers that slide a window over an image and add up, a row of outputs at a time, with the
//! maximum pooling behind them in the same stage.
//!
//! A block of neighbouring positions and output channels is summed up in registers. Columns
//! beyond the image are read as zeros from its border, rows beyond it are left out. Without
//! pooling the block is stored. With pooling the maxima of its columns are taken in registers
//! and merged into the last of the pooled rows that the row of sums belongs to, so the sums
//! themselves never reach memory; a pooled row whose sums are all there takes up what it shares
//! with the rows behind it.

use std::collections::HashMap;

use super::Lowering;
use super::blocking::{Blocking, Pool};
use super::finish::Finish;
use super::image::{Image, Place};
use super::integer::{Dots, Factors};
use crate::ir::{
    Accumulate, Affine, BufferId, Derive, Expression, Loop, Merge, Others, ProgramBuilder, Scalar,
    Statement, Stored, Variable,
};
use crate::stream::Reach;

/// One layer with a window.
pub(super) struct Sliding {
    pub(super) blocking: Blocking,
    pub(super) source: Image,
    pub(super) target: Image,
    pub(super) finish: Finish,
    /// The row of outputs.
    pub(super) y: Variable,
}

/// The sums of some output channels, and what they are made of.
pub(super) struct Products {
    /// The channel of each sum.
    pub(super) outputs: Vec<Affine>,
    /// What each sum begins with.
    pub(super) bias: Option<BufferId>,
    pub(super) weights: Kernel,
}

/// The weights of a window, and what they are multiplied with.
pub(super) enum Kernel {
    /// One by one.
    Singles(Singles),
    /// Those of a row of the window as one run of bytes.
    Dots(Dots),
}

/// Weights that are multiplied one by one.
pub(super) struct Singles {
    /// `[window rows, window columns, outputs]` or with a channel before the outputs.
    pub(super) weights: Stored,
    /// The first weight at a row and column of the window and an input channel.
    pub(super) first_weight: Box<dyn Fn(Affine, Affine, Affine) -> Vec<Affine>>,
    pub(super) inputs: Inputs,
}

/// Which channels of the image the outputs go over.
pub(super) enum Inputs {
    /// All of so many.
    All(usize),
    /// This one.
    One(Affine),
    /// Each its own.
    Own(Vec<Affine>),
}

/// The sums of one block.
struct Block {
    /// Which of the blocks along the row.
    index: Affine,
    /// Where it begins.
    x: Affine,
    positions: usize,
    /// By output channel, then by position.
    sums: Vec<Vec<Scalar>>,
}

impl Sliding {
    /// Whether the window has rows beyond the image.
    pub(super) fn leaves_out_rows(&self) -> bool {
        let rows = self.blocking.rows;
        rows.pad > 0 || rows.covered(self.blocking.outputs) > self.source.shape[0]
    }

    /// What lies under one row of the window at each position of `block`, from channel `channel`
    /// of the source on.
    fn factors<'b>(&self, block: &'b Block, place: &Place, channel: Affine) -> Factors<'b> {
        let channels = self.source.shape[2];
        let columns = self.blocking.columns;
        let column = columns.begin(block.x.clone());
        let element = place.element(column * channels as i64 + channel);
        Factors {
            source: self.source.elements,
            first: element.into_iter().next().expect("one index"),
            step: columns.stride * channels,
            sums: &block.sums,
        }
    }
}

impl Lowering<'_> {
    /// Begins a pooled row: its maxima so far are of nothing.
    pub(super) fn begin_pooled(
        &mut self,
        target: &Image,
        least: &Expression,
        row: Variable,
    ) -> Vec<Statement> {
        let [_, columns, channels] = target.shape;
        let i = self.builder.variable("i");
        target.at(&mut self.builder, row.into(), |_, place| {
            let index = place.element(i.into());
            let store = Statement::Store(target.elements, index, least.clone());
            vec![Statement::repeat(i, 0_i64, columns * channels, vec![store])]
        })
    }

    /// Ends a pooled row: sums that it shares with the `overlap` − 1 rows behind it are there
    /// already.
    pub(super) fn join_pooled(
        &mut self,
        target: &Image,
        overlap: usize,
        row: Variable,
    ) -> Vec<Statement> {
        let [rows, columns, channels] = target.shape;
        let mut body = Vec::new();
        for distance in 1..overlap {
            let (own, slot) = target.find(&mut self.builder, row.into());
            let behind = Affine::from(row) + Affine::from(distance);
            let (other, other_slot) = target.find(&mut self.builder, behind.clone());
            let all = columns * channels;
            let each = match self.integers {
                Some(_) => Statement::Merge(Merge {
                    target: target.elements,
                    first: own.element(0_i64.into()),
                    others: Others::Elements(other.element(0_i64.into()), all),
                }),
                None => {
                    let i = self.builder.variable("i");
                    let [own, other] = [own, other].map(|place| place.element(i.into()));
                    let [before, shared] = [&own, &other]
                        .map(|index| Expression::Load(target.elements, index.clone()));
                    let store = Statement::Store(target.elements, own, before.max(shared));
                    Statement::repeat(i, 0_i64, all, vec![store])
                }
            };
            let is_there = Affine::from(rows - 1) - behind;
            let joined = slot.around(other_slot.around(vec![each]));
            body.push(Statement::If(vec![is_there], joined));
        }
        body
    }

    /// All positions of one row, for some output channels.
    pub(super) fn sliding_row(&mut self, layer: &Sliding, products: &Products) -> Vec<Statement> {
        let Some(pool) = layer.blocking.pool else {
            let (place, slot) = layer.target.find(&mut self.builder, layer.y.into());
            return slot.around(self.positions(layer, products, &place));
        };
        let q = self.builder.variable("q");
        let (place, slot) = layer.target.find(&mut self.builder, q.into());
        let body = slot.around(self.positions(layer, products, &place));
        // No pooled row covers what lies between two windows.
        let ended = pool.rows.end(q.into()) - Affine::from(layer.y) - Affine::from(1_i64);
        let has_gaps = pool.rows.kernel < pool.rows.stride;
        vec![Statement::Derive(Derive {
            variable: q,
            value: Affine::from(layer.y) + Affine::from(pool.rows.pad),
            by: pool.rows.begun(layer.target.shape[0]),
            body: match has_gaps {
                true => vec![Statement::If(vec![ended], body)],
                false => body,
            },
        })]
    }

    /// The same, to `place`.
    fn positions(&mut self, layer: &Sliding, products: &Products, place: &Place) -> Vec<Statement> {
        let Blocking {
            positions,
            computed,
            ..
        } = layer.blocking;
        let (whole, rest) = (computed / positions, computed % positions);
        let mut body = Vec::new();
        let open = self.open_maxima(layer, products, &mut body);
        if whole > 1 {
            let block = self.builder.variable("block");
            let inner = self.block(layer, products, (block.into(), positions), &open, place);
            body.push(Statement::repeat(block, 0_i64, whole, inner));
        } else if whole == 1 {
            body.extend(self.block(layer, products, (0_i64.into(), positions), &open, place));
        }
        if rest > 0 {
            body.extend(self.block(layer, products, (whole.into(), rest), &open, place));
        }
        body
    }

    /// A maximum for each output channel that goes from one block to the next: that of the pooled
    /// column which both cover. Of integers, whose maxima are worth more than a register; there
    /// are none where columns are not open across one border at a time.
    fn open_maxima(
        &mut self,
        layer: &Sliding,
        products: &Products,
        body: &mut Vec<Statement>,
    ) -> Vec<Scalar> {
        let (Finish::Integer(_), Some(pool)) = (&layer.finish, layer.blocking.pool) else {
            return Vec::new();
        };
        let Reach {
            kernel,
            stride,
            pad,
        } = pool.columns;
        let is_one = stride < kernel && kernel <= 2 * stride && pad == 0;
        let block_of = |x: usize| x / layer.blocking.positions;
        let is_shared = |q: usize| block_of(q * stride) < block_of(q * stride + kernel - 1);
        let are_shared = (0..pool.width).any(is_shared);
        if !is_one || !are_shared || (pool.width - 1) * stride + kernel > layer.blocking.computed {
            return Vec::new();
        }
        let mut open = || {
            let open = self.builder.scalar("open", layer.finish.sum_type());
            body.push(Statement::Let(open, i32::MIN.into()));
            open
        };
        products.outputs.iter().map(|_| open()).collect()
    }

    fn block(
        &mut self,
        layer: &Sliding,
        products: &Products,
        (index, positions): (Affine, usize),
        open: &[Scalar],
        place: &Place,
    ) -> Vec<Statement> {
        let mut body = Vec::new();
        let mut sums = Vec::new();
        for (c, output) in products.outputs.iter().enumerate() {
            let begin = layer.finish.begin(products.bias, output);
            let of_channel: Vec<Scalar> = (0..positions)
                .map(|p| {
                    let name = format!("sum{c}_{p}");
                    self.builder.scalar(&name, layer.finish.sum_type())
                })
                .collect();
            body.extend(
                of_channel
                    .iter()
                    .map(|&sum| Statement::Let(sum, begin.clone())),
            );
            sums.push(of_channel);
        }
        let x = index.clone() * layer.blocking.positions as i64;
        let block = Block {
            index,
            x,
            positions,
            sums,
        };
        body.extend(self.window(layer, products, &block));
        body.extend(match layer.blocking.pool {
            None => self.store(layer, products, &block, place),
            Some(pool) => self.merge(layer, products, &block, pool, open, place),
        });
        body
    }

    /// Adds up what lies under the window at each position.
    fn window(&mut self, layer: &Sliding, products: &Products, block: &Block) -> Vec<Statement> {
        let (reach, height) = (layer.blocking.rows, layer.source.shape[0]);
        // A window of one row that is always inside needs no loop.
        let is_one = reach.kernel == 1 && !layer.leaves_out_rows();
        let variable = (!is_one).then(|| self.builder.variable("ky"));
        let ky = variable.map_or(Affine::from(0_i64), Affine::from);
        let top = reach.begin(layer.y.into());
        let row = top.clone() + ky.clone();
        let body = layer.source.at(&mut self.builder, row, |builder, place| {
            let kernel = match &products.weights {
                Kernel::Dots(dots) => {
                    let channel = match dots.are_own() {
                        true => products.outputs[0].clone(),
                        false => 0_i64.into(),
                    };
                    return vec![dots.add(ky, &layer.factors(block, &place, channel))];
                }
                Kernel::Singles(kernel) => kernel,
            };
            let mut taps = Taps {
                builder,
                layer,
                kernel,
                block,
                place,
                ky,
            };
            match &kernel.inputs {
                Inputs::One(channel) => taps.columns(std::slice::from_ref(channel), channel),
                Inputs::Own(channels) => taps.columns(channels, &0_i64.into()),
                Inputs::All(1) => taps.columns(&[0_i64.into()], &0_i64.into()),
                Inputs::All(count) => {
                    let channel = taps.builder.variable("channel");
                    let body = taps.columns(&[channel.into()], &channel.into());
                    vec![Statement::repeat(channel, 0_i64, *count, body)]
                }
            }
        });
        let mut window = match &products.weights {
            Kernel::Dots(dots) => self.beyond(layer, dots, block),
            Kernel::Singles(_) => Vec::new(),
        };
        match variable {
            Some(ky) => window.push(within(ky, reach.kernel, top, height, body)),
            None => window.extend(body),
        }
        window
    }

    /// What rows of the window beyond the image give back to the sums.
    fn beyond(&mut self, layer: &Sliding, dots: &Dots, block: &Block) -> Vec<Statement> {
        let (reach, height) = (layer.blocking.rows, layer.source.shape[0]);
        let top = reach.begin(layer.y.into());
        let kernel = Affine::from(reach.kernel);
        let above = [vec![0_i64.into()], vec![kernel.clone(), top.clone() * -1]];
        let first_below = Affine::from(height) - top;
        let below = [vec![0_i64.into(), first_below], vec![kernel]];
        let is_covered = reach.covered(layer.blocking.outputs) > height;
        let mut body = Vec::new();
        for ([from, to], is_there) in [(above, reach.pad > 0), (below, is_covered)] {
            if !is_there {
                continue;
            }
            let ky = self.builder.variable("ky");
            let Some(parts) = dots.give_back(&mut self.builder, ky.into(), &block.sums) else {
                continue;
            };
            body.push(Statement::For(Loop {
                variable: ky,
                from,
                to,
                body: parts,
            }));
        }
        body
    }

    /// Writes the block's values to the row at `place`.
    fn store(
        &mut self,
        layer: &Sliding,
        products: &Products,
        block: &Block,
        place: &Place,
    ) -> Vec<Statement> {
        let mut body = Vec::new();
        for (sums, output) in block.sums.iter().zip(&products.outputs) {
            let (constants, finish) = layer.finish.of_channel(&mut self.builder, output);
            body.extend(constants);
            for (p, &sum) in sums.iter().enumerate() {
                let column = block.x.clone() + Affine::from(p);
                let index = place.pixel(column, output.clone());
                let value = finish.value(sum, output);
                body.push(Statement::Store(layer.target.pixels, index, value));
            }
        }
        body
    }

    /// Takes the maxima over the block's columns and merges them into the pooled row at `place`.
    fn merge(
        &mut self,
        layer: &Sliding,
        products: &Products,
        block: &Block,
        pool: Pool,
        open: &[Scalar],
        place: &Place,
    ) -> Vec<Statement> {
        let mut body = Vec::new();
        for &sum in block.sums.iter().flatten() {
            let value = layer.finish.before_maxima(sum);
            body.extend(value.map(|value| Statement::Set(sum, value)));
        }
        // Pooled column `x / stride + offset` covers position p of the block if
        // 0 ≤ p + pad − offset·stride < kernel.
        let Reach {
            kernel,
            stride,
            pad,
        } = pool.columns;
        let [kernel, stride, pad] = [kernel, stride, pad].map(|extent| extent as i64);
        let first = (pad - kernel).div_euclid(stride);
        let last = (block.positions as i64 - 1 + pad).div_euclid(stride);
        let target = layer.target.pixels;
        let (mut merges, mut carried) = (Vec::new(), Vec::new());
        for offset in first..=last {
            let begin = (offset * stride - pad).clamp(0, block.positions as i64);
            let end = (offset * stride - pad + kernel).clamp(0, block.positions as i64);
            let blocks = layer.blocking.positions as i64 / stride;
            let column = block.index.clone() * blocks + Affine::from(offset);
            let inside = vec![
                column.clone(),
                Affine::from(pool.width - 1) - column.clone(),
            ];
            if begin >= end || inside.iter().any(is_negative) {
                continue;
            }
            let covered = begin as usize..end as usize;
            if !open.is_empty() && offset * stride + kernel > block.positions as i64 {
                // The next block closes it.
                for (&open, sums) in open.iter().zip(&block.sums) {
                    carried.push(Statement::Set(open, largest_of(&sums[covered.clone()])));
                }
                continue;
            }
            let largest: Vec<Scalar> = (block.sums.iter().zip(&products.outputs).enumerate())
                .map(|(c, (sums, output))| {
                    let mut covered = sums[covered.clone()].to_vec();
                    covered.extend(open.get(c).filter(|_| offset < 0));
                    self.largest(&layer.finish, &covered, output, &mut body)
                })
                .collect();
            let index = |output: &Affine| place.pixel(column.clone(), output.clone());
            let merge = match &layer.finish {
                Finish::Integer(_) if are_neighbours(&products.outputs) => {
                    vec![Statement::Merge(Merge {
                        target,
                        first: index(&products.outputs[0]),
                        others: Others::Scalars(largest),
                    })]
                }
                _ => {
                    let each = largest.iter().zip(&products.outputs);
                    each.map(|(&largest, output)| {
                        let before = Expression::Load(target, index(output));
                        let value = Expression::from(largest).max(before);
                        Statement::Store(target, index(output), value)
                    })
                    .collect()
                }
            };
            merges.extend(when(inside, merge));
        }
        body.extend(merges);
        body.extend(carried);
        body
    }

    /// The value for the largest of an output channel's sums.
    fn largest(
        &mut self,
        finish: &Finish,
        sums: &[Scalar],
        output: &Affine,
        body: &mut Vec<Statement>,
    ) -> Scalar {
        let mut scalar = |value: Expression| {
            let scalar = self.builder.scalar("largest", finish.sum_type());
            body.push(Statement::Let(scalar, value));
            scalar
        };
        let sum = match sums {
            [only] => *only,
            sums => scalar(largest_of(sums)),
        };
        match finish {
            Finish::Float(_) => sum,
            Finish::Integer(_) | Finish::Wide(_) => scalar(finish.behind_maxima(sum, output)),
        }
    }
}

/// The products of one row of the window.
struct Taps<'t> {
    builder: &'t mut ProgramBuilder,
    layer: &'t Sliding,
    kernel: &'t Singles,
    block: &'t Block,
    /// The image's row.
    place: Place,
    /// The window's row.
    ky: Affine,
}

impl Taps<'_> {
    /// All columns of the window, for the image's `channels`; `channel` says which weights.
    fn columns(&mut self, channels: &[Affine], channel: &Affine) -> Vec<Statement> {
        let Reach { kernel, .. } = self.layer.blocking.columns;
        let mut body = Vec::new();
        let mut loaded = HashMap::new();
        if self.layer.blocking.unrolled {
            for kx in 0..kernel {
                self.column(channels, channel, kx.into(), &mut loaded, &mut body);
            }
            body
        } else {
            let kx = self.builder.variable("kx");
            self.column(channels, channel, kx.into(), &mut loaded, &mut body);
            vec![Statement::repeat(kx, 0_i64, kernel, body)]
        }
    }

    /// One column of the window; values in `loaded` need not be loaded again.
    fn column(
        &mut self,
        channels: &[Affine],
        channel: &Affine,
        kx: Affine,
        loaded: &mut HashMap<Vec<Affine>, Scalar>,
        body: &mut Vec<Statement>,
    ) {
        let inputs: Vec<Vec<Scalar>> = channels
            .iter()
            .map(|channel| {
                let positions = 0..self.block.positions;
                positions
                    .map(|p| self.input(p, channel, &kx, loaded, body))
                    .collect()
            })
            .collect();
        let first = (self.kernel.first_weight)(self.ky.clone(), kx, channel.clone());
        let mut accumulate = |sums: Vec<Scalar>, inputs: &[Scalar], first: Vec<Affine>| {
            body.push(Statement::Accumulate(Accumulate {
                sums,
                inputs: inputs.to_vec(),
                weights: self.kernel.weights,
                first,
            }));
        };
        match &inputs[..] {
            [inputs] => accumulate(self.block.sums.concat(), inputs, first),
            _ => {
                for (c, (sums, inputs)) in self.block.sums.iter().zip(&inputs).enumerate() {
                    let mut first = first.clone();
                    if let Some(innermost) = first.last_mut() {
                        *innermost = innermost.clone() + Affine::from(c);
                    }
                    accumulate(sums.clone(), inputs, first);
                }
            }
        }
    }

    fn input(
        &mut self,
        position: usize,
        channel: &Affine,
        kx: &Affine,
        loaded: &mut HashMap<Vec<Affine>, Scalar>,
        body: &mut Vec<Statement>,
    ) -> Scalar {
        let x = self.block.x.clone() + Affine::from(position);
        let column = self.layer.blocking.columns.begin(x) + kx.clone();
        let index = self.place.pixel(column, channel.clone());
        *loaded.entry(index.clone()).or_insert_with(|| {
            let finish = &self.layer.finish;
            let input = self.builder.scalar("input", finish.sum_type());
            let value = finish.factor(self.builder, self.layer.source.pixels, index);
            body.push(Statement::Let(input, value));
            input
        })
    }
}

/// The largest of `sums`, of which there are some.
fn largest_of(sums: &[Scalar]) -> Expression {
    let of_sums = sums.iter().map(|&sum| Expression::from(sum));
    let largest = of_sums.reduce(Expression::max);
    largest.expect("it covers a position")
}

/// Whether channels lie side by side.
fn are_neighbours(channels: &[Affine]) -> bool {
    let mut pairs = channels.windows(2);
    pairs.all(|pair| (pair[1].clone() - pair[0].clone()).as_constant() == Some(1))
}

/// Whether that is known beforehand.
fn is_negative(condition: &Affine) -> bool {
    condition.as_constant().is_some_and(|value| value < 0)
}

/// `body` where no condition is negative; those that never are, are left out.
fn when(conditions: Vec<Affine>, body: Vec<Statement>) -> Vec<Statement> {
    // Variables of a stage are not negative.
    let always = |condition: &Affine| {
        condition.constant() >= 0 && condition.terms().iter().all(|(_, factor)| *factor > 0)
    };
    let open: Vec<Affine> = conditions.into_iter().filter(|c| !always(c)).collect();
    if open.is_empty() {
        body
    } else {
        vec![Statement::If(open, body)]
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
