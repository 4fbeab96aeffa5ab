//! A kernel swept over rows: the convolution itself, forward and for the gradient of the input.
//!
//! In go [`Rows`](super::rows::Rows) and packed weights, out comes an image `[height, width, filters]`. Each
//! output is one chain of fused multiply-adds over window row, window column, channel, from
//! the bias on, whatever the tile that computes it.

use super::rows::RowsView;
use super::simd::{Kernel, Lanes, Simd};

/// The geometry of a sweep.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Its step, down and across.
    pub stride: [usize; 2],
    /// Rows above the first that the first position covers.
    pub top: usize,
    /// Positions, down and across.
    pub output: [usize; 2],
    /// Channels that come in.
    pub channels: usize,
    /// Channels that go out.
    pub filters: usize,
}

impl Sweep {
    /// Elements of the window in one row: its columns and channels lie side by side.
    pub fn run_len(&self) -> usize {
        self.kernel[1] * self.channels
    }

    /// Which image row lies under window row `ky` at output row `y`.
    #[inline(always)]
    pub fn row(&self, y: usize, ky: usize, height: usize) -> Option<usize> {
        (y * self.stride[0] + ky)
            .checked_sub(self.top)
            .filter(|&row| row < height)
    }
}

/// A kernel as the sweep reads it: for each block of filters `[window row, window column,
/// channel, filter of the block]`.
#[derive(Debug, Clone)]
pub struct Packed {
    weights: Vec<f32>,
    bias: Vec<f32>,
}

/// The filters of one block, as many as fit into the registers: 8, 4, 2 or 1.
fn block(rest: usize, registers: usize) -> usize {
    [8, 4, 2, 1]
        .into_iter()
        .find(|&block| block <= rest && block * 3 < registers.max(4))
        .unwrap_or(1)
}

impl Packed {
    /// Packs for a backend with that many `registers`.
    pub fn new(
        sweep: &Sweep,
        registers: usize,
        bias: &[f32],
        weight: impl Fn(usize, usize, usize, usize) -> f32,
    ) -> Self {
        let [height, width] = sweep.kernel;
        let mut weights = Vec::with_capacity(height * sweep.run_len() * sweep.filters);
        let mut first = 0;
        while first < sweep.filters {
            let count = block(sweep.filters - first, registers);
            for ky in 0..height {
                for kx in 0..width {
                    for channel in 0..sweep.channels {
                        weights.extend((first..first + count).map(|f| weight(ky, kx, channel, f)));
                    }
                }
            }
            first += count;
        }
        let bias = if bias.is_empty() {
            vec![0.0; sweep.filters]
        } else {
            bias.to_vec()
        };
        Packed { weights, bias }
    }
}

/// The sweep of packed weights over rows into an image.
pub struct Run<'a> {
    /// The geometry.
    pub sweep: &'a Sweep,
    /// What it slides over.
    pub rows: RowsView<'a>,
    /// The weights.
    pub packed: &'a Packed,
    /// `[height, width, filters]`.
    pub output: &'a mut [Lanes],
}

impl Kernel for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let mut first = 0;
        while first < self.sweep.filters {
            let count = block(self.sweep.filters - first, S::REGISTERS);
            // Tiles of positions × filters that fill the registers and leave some for the rest.
            match (S::REGISTERS, count) {
                (32, 8) => self.rows_of_tiles::<S, 3, 8>(simd, first),
                (32, 4) => self.rows_of_tiles::<S, 6, 4>(simd, first),
                (32, 2) => self.rows_of_tiles::<S, 8, 2>(simd, first),
                (32, _) => self.rows_of_tiles::<S, 8, 1>(simd, first),
                (8, 2) => self.rows_of_tiles::<S, 2, 2>(simd, first),
                (8, _) => self.rows_of_tiles::<S, 4, 1>(simd, first),
                _ => self.rows_of_tiles::<S, 2, 1>(simd, first),
            }
            first += count;
        }
    }
}

impl Run<'_> {
    #[inline(always)]
    fn rows_of_tiles<S: Simd, const P: usize, const F: usize>(&mut self, simd: S, first: usize) {
        let [height, width] = self.sweep.output;
        for y in 0..height {
            let mut x = 0;
            while x + P <= width {
                self.tile::<S, P, F>(simd, first, y, x);
                x += P;
            }
            while x < width {
                self.tile::<S, 1, F>(simd, first, y, x);
                x += 1;
            }
        }
    }

    /// `F` filters from `first` at `P` positions from `x` of row `y`.
    #[inline(always)]
    fn tile<S: Simd, const P: usize, const F: usize>(
        &mut self,
        simd: S,
        first: usize,
        y: usize,
        x: usize,
    ) {
        let sweep = self.sweep;
        let [kernel_height, kernel_width] = sweep.kernel;
        let (step, run_len) = (sweep.stride[1], sweep.run_len());
        let weights = &self.packed.weights[first * kernel_height * run_len..];
        let weights = &weights.as_chunks::<F>().0[..kernel_height * run_len];

        let mut sums = [[simd.splat(0.0); F]; P];
        for position in &mut sums {
            for (sum, &bias) in position.iter_mut().zip(&self.packed.bias[first..first + F]) {
                *sum = simd.splat(bias);
            }
        }
        for ky in 0..kernel_height {
            let Some(row) = sweep.row(y, ky, self.rows.height()) else {
                continue;
            };
            // The window columns under which some position of the tile has a live column.
            let live = self.rows.live(row);
            let from = live.start.saturating_sub((x + P - 1) * step);
            let to = live.end.saturating_sub(x * step).min(kernel_width);
            if from >= to {
                continue;
            }
            let len = (to - from) * sweep.channels;
            let start = from * sweep.channels;
            let weights = &weights[ky * run_len + start..][..len];
            let row = self.rows.row(row);
            let mut inputs = [row; P];
            for (p, input) in inputs.iter_mut().enumerate() {
                *input = &row[(x + p) * step * sweep.channels + start..][..len];
            }
            for (i, weights) in weights.iter().enumerate() {
                for p in 0..P {
                    // SAFETY: every input was cut to `len` elements, and so were the weights.
                    let input = simd.load(unsafe { inputs[p].get_unchecked(i) });
                    for f in 0..F {
                        sums[p][f] = simd.fma(input, simd.splat(weights[f]), sums[p][f]);
                    }
                }
            }
        }
        let start = (y * sweep.output[1] + x) * sweep.filters + first;
        for (p, position) in sums.into_iter().enumerate() {
            let output = &mut self.output[start + p * sweep.filters..][..F];
            for (output, sum) in output.iter_mut().zip(position) {
                simd.store(sum, output);
            }
        }
    }
}
