//! Register blocking: how many output channels and neighbouring positions are computed side by
//! side, so that each weight and each input value is loaded once for many products.
//!
//! Of all blocks whose sums fit the registers and whose code fits the budget, the one with the
//! fewest estimated cycles is taken.

use gannet_graph::{Graph, Layer, Window};

use crate::fuse::Group;
use crate::stream::Reach;

/// What a target has for the sums of a block.
#[derive(Debug, Clone, Copy)]
struct Registers {
    /// How many values it can keep.
    count: usize,
    /// Besides sums and inputs: a product and a weight.
    scratch: usize,
}

/// The 32 single-precision registers of a Cortex-M4F.
const M4F: Registers = Registers {
    count: 32,
    scratch: 3,
};

/// Bytes of code that the products of one block may take.
const MOST_CODE: usize = 1100;

/// How a layer with a window is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blocking {
    /// Along the rows.
    pub(crate) rows: Reach,
    /// Along the columns.
    pub(crate) columns: Reach,
    /// How many columns of sums are computed.
    pub(crate) computed: usize,
    /// How many of them side by side.
    pub(crate) positions: usize,
    /// How many output channels side by side.
    pub(crate) channels: usize,
    /// Whether the window's columns are written out one by one.
    pub(crate) unrolled: bool,
    /// The pooling behind it.
    pub(crate) pool: Option<Pool>,
}

/// The pooling behind a layer with a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pool {
    /// From pooled rows to rows of sums.
    pub(crate) rows: Reach,
    /// From pooled columns to columns of sums.
    pub(crate) columns: Reach,
    /// How many rows and columns of sums it covers.
    pub(crate) sums: [usize; 2],
    /// How many pooled columns there are.
    pub(crate) width: usize,
}

/// What decides how a layer is blocked.
struct Work {
    /// Channels that each sum goes over.
    inputs: usize,
    /// Output channels that share their inputs.
    shared: usize,
    columns: Reach,
    kernel_rows: usize,
    /// Columns of sums that somebody needs, and all that there are.
    needed: usize,
    width: usize,
    /// Blocks begin at multiples of this.
    step: usize,
}

impl Blocking {
    /// The blocking of `group`, whose first layer slides a window.
    ///
    /// # Panics
    /// If it does not.
    pub(crate) fn of(graph: &Graph, group: &Group) -> Blocking {
        let node = graph.node(group.first());
        let shape = graph.node(node.inputs()[0]).output_shape();
        let [height, width, _] = shape.as_image().expect("checked shape");
        let image = [height, width];
        let (window, inputs, shared) = match node.layer() {
            Layer::Conv2D(layer) => (layer.window(), layer.channels(), layer.filters()),
            Layer::DepthwiseConv2D(layer) => (layer.window(), 1, layer.multiplier()),
            other => unreachable!("{} slides no window", other.kind()),
        };
        let positions = window.positions(image).expect("checked shape");
        let pool = group.pool.map(|pool| match graph.node(pool).layer() {
            Layer::MaxPool2D(layer) => Pool::of(layer.window, positions),
            other => unreachable!("{} is no pooling", other.kind()),
        });
        let columns = Reach::of(window, image, 1);
        let work = Work {
            inputs,
            shared,
            columns,
            kernel_rows: window.kernel()[0],
            needed: pool.map_or(positions[1], |pool| pool.sums[1]),
            width: positions[1],
            step: pool.map_or(1, |pool| pool.columns.stride),
        };
        let (block, computed) = work.best();
        Blocking {
            rows: Reach::of(window, image, 0),
            columns,
            computed,
            positions: block.positions,
            channels: block.channels,
            unrolled: block.unrolled,
            pool,
        }
    }

    /// The columns left and right of an image that the computed positions cover.
    pub(crate) fn border(&self, [_, width]: [usize; 2]) -> [usize; 2] {
        let right = self.columns.covered(self.computed).saturating_sub(width);
        [self.columns.pad, right]
    }
}

impl Pool {
    fn of(window: Window, sums: [usize; 2]) -> Pool {
        let pooled = window.positions(sums).expect("checked shape");
        let [rows, columns] = [0, 1].map(|axis| Reach::of(window, sums, axis));
        Pool {
            rows,
            columns,
            sums: [
                rows.covered(pooled[0]).min(sums[0]),
                columns.covered(pooled[1]).min(sums[1]),
            ],
            width: pooled[1],
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Block {
    positions: usize,
    channels: usize,
    unrolled: bool,
}

impl Work {
    /// The best block and how many columns are computed with it.
    fn best(&self) -> (Block, usize) {
        let blocks = (1..=8_usize).flat_map(|steps| {
            let positions = steps * self.step;
            (1..=self.shared.min(16)).flat_map(move |channels| {
                [true, false].map(|unrolled| Block {
                    positions,
                    channels,
                    unrolled,
                })
            })
        });
        let smallest = Block {
            positions: self.step,
            channels: 1,
            unrolled: false,
        };
        let best = blocks
            .filter(|block| block.positions <= self.rounded(self.step))
            .filter(|block| self.registers(block) <= M4F.count && self.code(block) <= MOST_CODE)
            .min_by_key(|block| (self.row_cycles(block), self.code(block)))
            .unwrap_or(smallest);
        (best, self.computed(best.positions))
    }

    fn rounded(&self, positions: usize) -> usize {
        self.needed.next_multiple_of(positions)
    }

    /// Where a last block may reach over what is needed, it is no smaller than the others.
    fn computed(&self, positions: usize) -> usize {
        let rounded = self.rounded(positions);
        if rounded <= self.width {
            rounded
        } else {
            self.needed
        }
    }

    fn registers(&self, block: &Block) -> usize {
        let inputs = if block.unrolled {
            // Between two steps of the window every second input is kept at most.
            (block.positions * self.columns.stride.min(2))
                .min(self.columns.kernel + block.positions)
        } else {
            block.positions
        };
        block.positions * block.channels + inputs + M4F.scratch
    }

    /// Bytes: a product is two instructions, a load is one.
    fn code(&self, block: &Block) -> usize {
        let of = |positions: usize| {
            let kernel = if block.unrolled {
                self.columns.kernel
            } else {
                1
            };
            let products = kernel * positions * block.channels;
            8 * products + 4 * (kernel * block.channels + self.loads(block, positions))
        };
        let rest = self.computed(block.positions) % block.positions;
        of(block.positions) + if rest > 0 { of(rest) } else { 0 }
    }

    /// Inputs that are loaded for one row of the window, or for one column if it is a loop.
    fn loads(&self, block: &Block, positions: usize) -> usize {
        let Reach { kernel, stride, .. } = self.columns;
        if block.unrolled {
            ((positions - 1) * stride + kernel).min(positions * kernel)
        } else {
            positions
        }
    }

    /// Estimated cycles for one row of sums, were the window always inside.
    fn row_cycles(&self, block: &Block) -> usize {
        const LOAD: usize = 2;
        const LOOP: usize = 5;
        const BLOCK: usize = 20;
        let kernel = self.columns.kernel;
        let of = |positions: usize, channels: usize| {
            let sums = positions * channels;
            let loads = self.loads(block, positions);
            let step = if block.unrolled {
                kernel * (LOAD * channels + 2 * sums) + LOAD * loads + LOOP
            } else {
                kernel * (LOAD * channels + 2 * sums + LOAD * loads + LOOP) + LOOP
            };
            self.kernel_rows * self.inputs * step + BLOCK + 10 * sums
        };
        let computed = self.computed(block.positions);
        let (whole, rest) = (computed / block.positions, computed % block.positions);
        let of_channels = |channels: usize| {
            let last = if rest > 0 { of(rest, channels) } else { 0 };
            whole * of(block.positions, channels) + last
        };
        let (blocks, left) = (self.shared / block.channels, self.shared % block.channels);
        blocks * of_channels(block.channels) + if left > 0 { of_channels(left) } else { 0 }
    }
}
