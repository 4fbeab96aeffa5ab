//! Register blocking: how many output channels and neighbouring positions are computed side by
//! side, so that each weight and each input value is loaded once for many products.
//!
//! Of all blocks whose sums fit the registers and whose code fits the budget, the one with the
//! fewest estimated cycles is taken.

use gannet_graph::{Graph, Layer, Window};

use crate::fuse::Group;
use crate::stream::Reach;

/// Single-precision registers of a Cortex-M4F.
const REGISTERS: usize = 32;
/// Registers for products, and one to spare.
const SCRATCH: usize = 3;
/// Weights that are loaded together, at most.
const MOST_LOADED: usize = 8;

/// Bytes of code that a layer's blocks may take.
const MOST_CODE: usize = 1500;

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
    /// Inputs are bytes, to be converted.
    of_bytes: bool,
    pool: Option<Pool>,
}

impl Blocking {
    /// The blocking of `group`, whose first layer slides a window, over bytes or over `f32`.
    ///
    /// # Panics
    /// If it does not.
    pub(crate) fn of(graph: &Graph, group: &Group, of_bytes: bool) -> Blocking {
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
            of_bytes,
            pool,
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

/// Cycles and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    cycles: usize,
    code: usize,
}

impl Work {
    /// The best block and how many columns are computed with it.
    fn best(&self) -> (Block, usize) {
        let step = self.step();
        let blocks = (1..=8_usize).flat_map(|steps| {
            (1..=self.shared.min(16)).flat_map(move |channels| {
                [true, false].map(|unrolled| Block {
                    positions: steps * step,
                    channels,
                    unrolled,
                })
            })
        });
        let smallest = Block {
            positions: step,
            channels: 1,
            unrolled: false,
        };
        let best = blocks
            .filter(|block| block.positions <= self.needed.next_multiple_of(step))
            .filter(|block| self.registers(block) <= REGISTERS)
            .map(|block| (self.cost(&block), block))
            .filter(|(cost, _)| cost.code <= MOST_CODE)
            .min_by_key(|(cost, _)| *cost)
            .map_or(smallest, |(_, block)| block);
        (best, self.computed(best.positions))
    }

    /// Blocks begin at multiples of this.
    fn step(&self) -> usize {
        self.pool.map_or(1, |pool| pool.columns.stride)
    }

    /// Where a last block may reach over what is needed, it is no smaller than the others.
    fn computed(&self, positions: usize) -> usize {
        let rounded = self.needed.next_multiple_of(positions);
        if rounded <= self.width {
            rounded
        } else {
            self.needed
        }
    }

    fn registers(&self, block: &Block) -> usize {
        // Between two steps of an unrolled window every second input is kept at most.
        let kept = if block.unrolled {
            self.columns.stride.min(2)
        } else {
            1
        };
        let weights = block.channels.min(MOST_LOADED);
        block.positions * (block.channels + kept) + weights + SCRATCH
    }

    /// One row of sums, were the window always inside, and the code for it.
    fn cost(&self, block: &Block) -> Cost {
        let computed = self.computed(block.positions);
        let (whole, rest) = (computed / block.positions, computed % block.positions);
        let (blocks, left) = (self.shared / block.channels, self.shared % block.channels);
        let mut cost = Cost { cycles: 0, code: 0 };
        for (blocks, channels) in [(blocks, block.channels), (1, left)] {
            for (times, positions) in [(whole, block.positions), (1, rest)] {
                if channels > 0 && positions > 0 {
                    let one = self.block_cost(positions, channels, block.unrolled);
                    cost.cycles += blocks * times * one.cycles;
                    cost.code += one.code;
                }
            }
        }
        cost
    }

    /// One block, from the manual's cycles: `VMUL` and `VADD` 1, `VLDR` 2, `VLDM` one more
    /// than registers; a byte goes through two more instructions.
    fn block_cost(&self, positions: usize, channels: usize, unrolled: bool) -> Cost {
        let Reach { kernel, stride, .. } = self.columns;
        let sums = positions * channels;
        let (load_cycles, load_code) = if self.of_bytes { (5, 12) } else { (2, 4) };
        const LOOP: usize = 6;
        let product = Cost {
            cycles: 2 * sums + channels + 2,
            code: 8 * sums + 8,
        };
        let window = if unrolled {
            let loads = ((positions - 1) * stride + kernel).min(positions * kernel);
            Cost {
                cycles: kernel * product.cycles + load_cycles * loads + LOOP,
                code: kernel * product.code + load_code * loads,
            }
        } else {
            Cost {
                cycles: kernel * (product.cycles + load_cycles * positions + LOOP) + LOOP,
                code: product.code + load_code * positions,
            }
        };
        let finish = match self.pool {
            None => Cost {
                cycles: 4 * sums,
                code: 8 * sums,
            },
            // A maximum takes 4 instructions, a merge a load and a store besides.
            Some(pool) => {
                let columns = positions.div_ceil(pool.columns.stride) + pool.columns.overlap() - 1;
                let merged = columns * channels * pool.rows.overlap();
                Cost {
                    cycles: 9 * merged + 4 * sums,
                    code: 36 * columns * channels,
                }
            }
        };
        Cost {
            cycles: self.kernel_rows * self.inputs * window.cycles + finish.cycles + 30,
            code: window.code + finish.code + 60,
        }
    }
}
