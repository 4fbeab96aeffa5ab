//! The gradient of a dense layer's kernel: a sum of sixteen outer products.
//!
//! Here lanes are units and not images, so that nothing has to be added across lanes: the
//! gradient is transposed first, and each image's input is a scalar that meets sixteen units.

use super::simd::{Kernel, LANES, Lanes, Simd};

/// Sums `input · gradient` over the sixteen images for every weight.
pub struct Outer<'a> {
    /// `[features]`.
    pub input: &'a [Lanes],
    /// Gradient of the outputs, `[units]`.
    pub gradient: &'a [Lanes],
    /// `[blocks of 16 units][16 images]`, to work in.
    pub transposed: &'a mut [Lanes],
    /// The kernel's gradient, `[features, units]`.
    pub kernel: &'a mut [f32],
    /// The bias's gradient, `[units]`; empty if there is no bias.
    pub bias: &'a mut [f32],
}

impl Kernel for Outer<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let units = self.gradient.len();
        for (unit, gradient) in self.gradient.iter().enumerate() {
            for (image, &value) in gradient.0.iter().enumerate() {
                self.transposed[unit / LANES * LANES + image].0[unit % LANES] = value;
            }
        }
        let features = self.input.len();
        for first in (0..units).step_by(LANES) {
            let mut feature = 0;
            while feature + 8 <= features && S::REGISTERS >= 32 {
                self.tile::<S, 8>(simd, feature, first);
                feature += 8;
            }
            while feature + 4 <= features {
                self.tile::<S, 4>(simd, feature, first);
                feature += 4;
            }
            while feature < features {
                self.tile::<S, 1>(simd, feature, first);
                feature += 1;
            }
        }
        for (bias, gradient) in self.bias.iter_mut().zip(self.gradient) {
            *bias = simd.sum(simd.load(gradient));
        }
    }
}

impl Outer<'_> {
    /// `T` features from `feature` on for the sixteen units from `first` on.
    #[inline(always)]
    fn tile<S: Simd, const T: usize>(&mut self, simd: S, feature: usize, first: usize) {
        let units = self.gradient.len();
        let gradients = &self.transposed[first..first + LANES];
        let inputs = &self.input[feature..feature + T];
        let mut sums = [simd.splat(0.0); T];
        for (image, gradient) in gradients.iter().enumerate() {
            let gradient = simd.load(gradient);
            for t in 0..T {
                sums[t] = simd.fma(simd.splat(inputs[t].0[image]), gradient, sums[t]);
            }
        }
        let count = LANES.min(units - first);
        for (t, sum) in sums.into_iter().enumerate() {
            let mut lanes = Lanes::ZERO;
            simd.store(sum, &mut lanes);
            let start = (feature + t) * units + first;
            self.kernel[start..start + count].copy_from_slice(&lanes.0[..count]);
        }
    }
}
