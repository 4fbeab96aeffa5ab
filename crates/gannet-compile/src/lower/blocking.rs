//! Register blocking: how many output channels and neighbouring positions are computed side by
//! side, so that each weight and each input value is loaded once for many products.
//!
//! Of all blocks whose sums fit the registers and whose code fits the budget, the one with the
//! fewest estimated cycles is taken.

use gannet_graph::{Graph, Layer, Window};

use crate::Optimize;
use crate::fuse::Group;
use crate::ir::WORD;
use crate::stream::Reach;

/// What a layer multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operands {
    /// `f32`.
    Floats,
    /// `f32`, of inputs that are bytes in memory.
    Bytes,
    /// Weights of 8 bits and inputs of so many, to sums of 32.
    Integers(Bits),
    /// The same, as dot products of runs of neighbours.
    Dots(Bits),
    /// The same, each channel with inputs of its own: a word has those of several channels.
    OwnDots(Bits),
}

/// How many bits an integer has in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bits {
    Eight,
    Sixteen,
}

impl Bits {
    /// How many integers a word has.
    fn a_word(self) -> usize {
        match self {
            Bits::Eight => 4,
            Bits::Sixteen => 2,
        }
    }
}

/// What a Cortex-M4F has for operands, and what they cost by its manual, in cycles and bytes.
struct Core {
    registers: usize,
    /// Registers for what is neither a sum, an input nor a weight.
    scratch: usize,
    /// Weights that are loaded together, at most.
    most_loaded: usize,
    /// A product added to a sum.
    product: Cost,
    /// A load of weights, beside a cycle for each, and the code for each.
    weights: Cost,
    /// An input, made ready to be multiplied.
    input: Cost,
    /// The larger of two values.
    maximum: Cost,
    /// A sum, made a value.
    value: Cost,
}

impl Operands {
    fn core(self) -> Core {
        let floats = Core {
            registers: 32,
            scratch: 3,
            most_loaded: 8,
            // VMUL and VADD.
            product: Cost { cycles: 2, code: 8 },
            // VLDM, of one address more each time.
            weights: Cost { cycles: 2, code: 8 },
            input: Cost { cycles: 2, code: 4 },
            maximum: Cost {
                cycles: 4,
                code: 14,
            },
            value: Cost { cycles: 2, code: 4 },
        };
        match self {
            Operands::Floats => floats,
            // LDRB, VMOV and VCVT.
            Operands::Bytes => Core {
                input: Cost {
                    cycles: 5,
                    code: 12,
                },
                ..floats
            },
            // SMLAD for two products; LDR and SXTB16 twice for four inputs, or LDR twice for those of
            // 16 bits; LDR twice for four weights of 16 bits, every second of them after another
            // load.
            Operands::Dots(bits) | Operands::OwnDots(bits) => Core {
                registers: 14,
                scratch: 2,
                most_loaded: 1,
                product: Cost { cycles: 2, code: 8 },
                weights: Cost { cycles: 3, code: 8 },
                input: match bits {
                    Bits::Eight => Cost {
                        cycles: 5,
                        code: 14,
                    },
                    Bits::Sixteen => Cost { cycles: 2, code: 8 },
                },
                ..Operands::Integers(bits).core()
            },
            // MLA; LDRSB each; LDRSB and SUB; SMULL and the roundings.
            Operands::Integers(_) => Core {
                registers: 13,
                scratch: 2,
                most_loaded: 1,
                product: Cost { cycles: 1, code: 4 },
                weights: Cost { cycles: 1, code: 4 },
                input: Cost { cycles: 3, code: 8 },
                maximum: Cost { cycles: 3, code: 6 },
                value: Cost {
                    cycles: 18,
                    code: 50,
                },
            },
        }
    }
}

/// A row of dot products: the pointers, and registers that are kept.
const ROW: Cost = Cost {
    cycles: 20,
    code: 30,
};

/// Bytes of code that a layer's blocks may take.
fn most_code(optimize: Optimize) -> usize {
    match optimize {
        Optimize::Ram | Optimize::Balanced => 1500,
        Optimize::Time => 4000,
    }
}

/// How a layer with a window is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blocking {
    /// Along the rows.
    pub(crate) rows: Reach,
    /// Along the columns.
    pub(crate) columns: Reach,
    /// How many rows of sums there are.
    pub(crate) outputs: usize,
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
    operands: Operands,
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
    operands: Operands,
    optimize: Optimize,
    pool: Option<Pool>,
}

impl Blocking {
    /// The blocking of `group`, whose first layer slides a window over `operands`.
    ///
    /// # Panics
    /// If it does not.
    pub(crate) fn of(
        graph: &Graph,
        group: &Group,
        (operands, optimize): (Operands, Optimize),
    ) -> Blocking {
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
        let is_long = matches!(node.layer(), Layer::Conv2D(_)) && columns.kernel * inputs > 1;
        let are_words = |bits: Bits| match node.layer() {
            Layer::DepthwiseConv2D(layer) => {
                layer.multiplier() == 1 && layer.channels().is_multiple_of(bits.a_word())
            }
            _ => false,
        };
        let operands = match operands {
            Operands::Integers(bits) if is_long => Operands::Dots(bits),
            Operands::Integers(bits) if are_words(bits) => Operands::OwnDots(bits),
            others => others,
        };
        let work = Work {
            inputs,
            shared,
            columns,
            kernel_rows: window.kernel()[0],
            needed: pool.map_or(positions[1], |pool| pool.sums[1]),
            width: positions[1],
            operands,
            optimize,
            pool,
        };
        let (block, computed) = work.best();
        Blocking {
            rows: Reach::of(window, image, 0),
            columns,
            computed,
            outputs: positions[0],
            positions: block.positions,
            channels: block.channels,
            unrolled: block.unrolled,
            pool,
            operands,
        }
    }

    /// Whether its sums are dot products of runs of neighbours.
    pub(crate) fn is_by_dots(&self) -> bool {
        matches!(self.operands, Operands::Dots(_) | Operands::OwnDots(_))
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
        let channels = match self.operands {
            Operands::OwnDots(bits) => bits.a_word()..=bits.a_word(),
            _ => 1..=self.shared.min(16),
        };
        let fewest = *channels.start();
        let blocks = (1..=8_usize).flat_map(|steps| {
            channels.clone().flat_map(move |channels| {
                [true, false].map(|unrolled| Block {
                    positions: steps * step,
                    channels,
                    unrolled,
                })
            })
        });
        let smallest = Block {
            positions: step,
            channels: fewest,
            unrolled: false,
        };
        let best = blocks
            .filter(|block| block.positions <= self.needed.next_multiple_of(step))
            .filter(|block| self.registers(block) <= self.operands.core().registers)
            .map(|block| (self.cost(&block), block))
            .filter(|(cost, _)| cost.code <= most_code(self.optimize))
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
        // What pooling leaves out may be summed up from a wider border of bytes, which are few:
        // then all blocks are alike. A window that reaches beyond the last column would not leave
        // it out.
        let ends = |pool: Pool| pool.columns.covered(pool.width) <= self.width;
        let is_left_out =
            self.are_integers() && self.pool.is_some_and(ends) && self.columns.pad > 0;
        let is_left_out = is_left_out && self.optimize != Optimize::Ram;
        if rounded <= self.width || is_left_out {
            rounded
        } else {
            self.needed
        }
    }

    fn are_integers(&self) -> bool {
        matches!(
            self.operands,
            Operands::Integers(_) | Operands::Dots(_) | Operands::OwnDots(_)
        )
    }

    fn registers(&self, block: &Block) -> usize {
        // Between two steps of an unrolled window every second input is kept at most.
        let kept = if block.unrolled {
            self.columns.stride.min(2)
        } else {
            1
        };
        let core = self.operands.core();
        // Two pairs of weights, and two pointers; a pair of inputs for each position, or at first
        // where rows end twice.
        let inputs = match self.operands {
            Operands::Dots(_) | Operands::OwnDots(Bits::Eight) => Some(block.positions.max(2)),
            Operands::OwnDots(Bits::Sixteen) => Some(2),
            _ => None,
        };
        if let Some(inputs) = inputs {
            return block.positions * block.channels + inputs + 2 + core.scratch;
        }
        let weights = block.channels.min(core.most_loaded);
        block.positions * (block.channels + kept) + weights + core.scratch
    }

    /// One row of sums, were the window always inside, and the code for it.
    fn cost(&self, block: &Block) -> Cost {
        let computed = self.computed(block.positions);
        let (whole, rest) = (computed / block.positions, computed % block.positions);
        let shared = self.shared.max(block.channels);
        let (blocks, left) = (shared / block.channels, shared % block.channels);
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

    /// One block.
    fn block_cost(&self, positions: usize, channels: usize, unrolled: bool) -> Cost {
        const LOOP: usize = 6;
        const BLOCK: Cost = Cost {
            cycles: 30,
            code: 60,
        };
        let core = self.operands.core();
        let Reach { kernel, stride, .. } = self.columns;
        let sums = positions * channels;
        let loaded = channels.div_ceil(core.most_loaded);
        let step = Cost {
            cycles: core.product.cycles * sums + channels + core.weights.cycles * loaded,
            code: core.product.code * sums + core.weights.code * loaded,
        };
        let window = if let Operands::Dots(_) = self.operands {
            self.dots_cost(positions, channels)
        } else if let Operands::OwnDots(bits) = self.operands {
            self.own_dots_cost(positions, bits)
        } else if unrolled {
            let inputs = ((positions - 1) * stride + kernel).min(positions * kernel);
            Cost {
                cycles: kernel * step.cycles + core.input.cycles * inputs + LOOP,
                code: kernel * step.code + core.input.code * inputs,
            }
        } else {
            Cost {
                cycles: kernel * (step.cycles + core.input.cycles * positions + LOOP) + LOOP,
                code: step.code + core.input.code * positions,
            }
        };
        let finish = match self.pool {
            None => Cost {
                cycles: (core.value.cycles + 2) * sums,
                code: (core.value.code + 4) * sums,
            },
            Some(pool) => {
                // Maxima of integers go on from one block to the next.
                let overlap = match self.are_integers() {
                    true => 0,
                    false => pool.columns.overlap() - 1,
                };
                let columns = (positions.div_ceil(pool.columns.stride) + overlap) * channels;
                // A merge is a load, a maximum and a store.
                Cost {
                    cycles: core.maximum.cycles * (sums + columns)
                        + core.value.cycles * columns
                        + 4 * columns,
                    code: (2 * core.maximum.code + core.value.code + 8) * columns,
                }
            }
        };
        let rows = match self.operands {
            Operands::Dots(_) | Operands::OwnDots(_) => self.kernel_rows,
            _ => self.kernel_rows * self.inputs,
        };
        Cost {
            cycles: rows * window.cycles + finish.cycles + BLOCK.cycles,
            code: window.code + finish.code + BLOCK.code,
        }
    }

    /// One row of the window where each channel has its own inputs.
    fn own_dots_cost(&self, positions: usize, bits: Bits) -> Cost {
        let instructions = match bits {
            // LDR; twice SXTB16, SMLABB and SMLATT; twice LDR for weights.
            Bits::Eight => 7 * positions + 2,
            Bits::Sixteen => 3 * positions + 1,
        };
        Cost {
            // One more for each load that stands behind no other: every third at least.
            cycles: self.columns.kernel * (instructions + positions.div_ceil(3) + 1) + ROW.cycles,
            code: 4 * self.columns.kernel * instructions + ROW.code,
        }
    }

    /// One row of the window.
    fn dots_cost(&self, positions: usize, channels: usize) -> Cost {
        let core = self.operands.core();
        let run = self.columns.kernel * self.inputs;
        let (words, rest) = (run / WORD, run % WORD);
        let sums = positions * channels;
        let word = Cost {
            cycles: core.product.cycles * sums
                + core.weights.cycles * channels
                + core.input.cycles * positions,
            code: core.product.code * sums
                + core.weights.code * channels
                + core.input.code * positions,
        };
        // MLA, and LDRSB for weights and inputs.
        let single = Cost {
            cycles: sums + 2 * channels + 2 * positions,
            code: 4 * sums + 4 * channels + 4 * positions,
        };
        Cost {
            cycles: word.cycles * words + single.cycles * rest + ROW.cycles,
            code: word.code * words.min(2) + single.code * rest + ROW.code,
        }
    }
}
