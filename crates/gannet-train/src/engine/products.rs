//! The gradient of a convolution's kernel: inputs times gradients, summed over positions.
//!
//! Sums stay in lanes over all positions of a row of outputs, row after row; the sixteen
//! lanes are added at the end, once a chunk.

use super::rows::{RowsView, live_columns};
use super::simd::{Kernel, Lanes, Simd};
use super::sweep::Sweep;

/// Sums `input · gradient` for every weight of the kernel.
pub struct Products<'a> {
    /// The geometry of the forward sweep.
    pub sweep: &'a Sweep,
    /// What the forward sweep slid over.
    pub rows: RowsView<'a>,
    /// Gradient of the outputs, `[height, width, filters]`.
    pub gradient: &'a [Lanes],
    /// One element a weight, to work in.
    pub sums: &'a mut [Lanes],
    /// The kernel's gradient, `[window row, window column, channel, filter]`.
    pub kernel: &'a mut [f32],
    /// The bias's gradient, `[filter]`; empty if there is no bias.
    pub bias: &'a mut [f32],
}

impl Kernel for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let [height, width] = self.sweep.output;
        let (filters, step) = (self.sweep.filters, self.sweep.stride[1]);
        for sum in self.sums.iter_mut() {
            simd.store(simd.splat(0.0), sum);
        }
        for y in 0..height {
            let gradient = &self.gradient[y * width * filters..][..width * filters];
            let live_gradient = live_columns(simd, gradient, filters);
            for ky in 0..self.sweep.kernel[0] {
                let Some(row) = self.sweep.row(y, ky, self.rows.height()) else {
                    continue;
                };
                let live = self.rows.live(row);
                // Positions whose window reaches a live column.
                let reach = live
                    .start
                    .saturating_sub(self.sweep.kernel[1] - 1)
                    .div_ceil(step);
                let first = live_gradient.start.max(reach);
                let last = live_gradient.end.min(live.end.div_ceil(step));
                if first < last {
                    let inputs = &self.rows.row(row)[first * step * self.sweep.channels..];
                    let gradient = &gradient[first * filters..last * filters];
                    self.row(simd, ky, inputs, gradient);
                }
            }
        }
        for (sum, gradient) in self.sums.iter().zip(self.kernel.iter_mut()) {
            *gradient = simd.sum(simd.load(sum));
        }
        for (filter, bias) in self.bias.iter_mut().enumerate() {
            let mut sum = simd.splat(0.0);
            for gradient in self.gradient[filter..].iter().step_by(filters) {
                sum = simd.add(sum, simd.load(gradient));
            }
            *bias = simd.sum(sum);
        }
    }
}

impl Products<'_> {
    /// One row of positions against one row of the window. `inputs` begins under the first
    /// position of `gradient`.
    #[inline(always)]
    fn row<S: Simd>(&mut self, simd: S, ky: usize, inputs: &[Lanes], gradient: &[Lanes]) {
        let filters = self.sweep.filters;
        let run_len = self.sweep.run_len();
        let sums = &mut self.sums[ky * run_len * filters..][..run_len * filters];
        let mut row = Row {
            inputs,
            gradient,
            sums,
            step: self.sweep.stride[1] * self.sweep.channels,
            filters,
            run_len,
        };
        let mut first = 0;
        while first < filters {
            let rest = filters - first;
            first += match (S::REGISTERS, rest) {
                (32, 8..) => row.columns::<S, 3, 8>(simd, first),
                (32, 4..) => row.columns::<S, 5, 4>(simd, first),
                (32, 2..) => row.columns::<S, 8, 2>(simd, first),
                (32, _) => row.columns::<S, 8, 1>(simd, first),
                (8, 2..) => row.columns::<S, 2, 2>(simd, first),
                (8, _) => row.columns::<S, 4, 1>(simd, first),
                _ => row.columns::<S, 2, 1>(simd, first),
            };
        }
    }
}

struct Row<'a> {
    inputs: &'a [Lanes],
    gradient: &'a [Lanes],
    sums: &'a mut [Lanes],
    step: usize,
    filters: usize,
    run_len: usize,
}

impl Row<'_> {
    /// All window elements for `F` filters from `first`; returns `F`.
    #[inline(always)]
    fn columns<S: Simd, const T: usize, const F: usize>(&mut self, simd: S, first: usize) -> usize {
        let mut element = 0;
        while element + T <= self.run_len {
            self.tile::<S, T, F>(simd, element, first);
            element += T;
        }
        while element < self.run_len {
            self.tile::<S, 1, F>(simd, element, first);
            element += 1;
        }
        F
    }

    /// `T` window elements from `element` on for `F` filters from `first` on.
    #[inline(always)]
    fn tile<S: Simd, const T: usize, const F: usize>(
        &mut self,
        simd: S,
        element: usize,
        first: usize,
    ) {
        let positions = self.gradient.len() / self.filters;
        let inputs = &self.inputs[element..];
        assert!(positions > 0 && (positions - 1) * self.step + T <= inputs.len());
        assert!(first + F <= self.filters);
        let mut sums = [[simd.splat(0.0); F]; T];
        for (t, sums) in sums.iter_mut().enumerate() {
            let from = &self.sums[(element + t) * self.filters + first..][..F];
            for (sum, from) in sums.iter_mut().zip(from) {
                *sum = simd.load(from);
            }
        }
        for position in 0..positions {
            let mut values = [simd.splat(0.0); T];
            for (t, value) in values.iter_mut().enumerate() {
                // SAFETY: the first assertion: the last position's last element is inside.
                *value = simd.load(unsafe { inputs.get_unchecked(position * self.step + t) });
            }
            for f in 0..F {
                let i = position * self.filters + first + f;
                // SAFETY: `position` is one of the positions and `first + f` one of the filters.
                let gradient = simd.load(unsafe { self.gradient.get_unchecked(i) });
                for (sums, &value) in sums.iter_mut().zip(&values) {
                    sums[f] = simd.fma(value, gradient, sums[f]);
                }
            }
        }
        for (t, sums) in sums.into_iter().enumerate() {
            let to = &mut self.sums[(element + t) * self.filters + first..][..F];
            for (sum, to) in sums.into_iter().zip(to) {
                simd.store(sum, to);
            }
        }
    }
}
