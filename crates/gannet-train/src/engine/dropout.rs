//! Values left out in training: what stays, and how much it counts.
//!
//! Which values stay depends on seed, layer, epoch and image alone (an epoch sees each image
//! once), not on who computes it or when.

use super::backend::Backend;
use super::simd::{Kernel, Lanes, Simd};
use crate::random::{Purpose, Stream};

/// What decides the masks of one batch.
#[derive(Debug, Clone, Copy)]
pub struct Draw {
    /// The recipe's seed.
    pub seed: u64,
    /// The epoch, from 1.
    pub epoch: usize,
}

impl Draw {
    /// Draws the factors of one layer for some images: 0 with probability `rate`, else
    /// `1 / (1 − rate)`, so that the mean stays.
    pub fn mask(
        &self,
        layer: usize,
        rate: f32,
        images: impl Iterator<Item = usize>,
        mask: &mut [Lanes],
    ) {
        let kept = 1.0 / (1.0 - rate);
        for (lane, image) in images.enumerate() {
            let place = (self.epoch as u64) << 32 | image as u64;
            let mut stream = Stream::of_layer(self.seed, Purpose::Dropout, place, layer as u64);
            for factor in mask.iter_mut() {
                factor.0[lane] = if stream.unit() < rate { 0.0 } else { kept };
            }
        }
    }
}

/// `to ← from · mask`.
pub fn scale(backend: Backend, from: &[Lanes], mask: &[Lanes], to: &mut [Lanes]) {
    backend.run(Scale { from, mask, to });
}

struct Scale<'a> {
    from: &'a [Lanes],
    mask: &'a [Lanes],
    to: &'a mut [Lanes],
}

impl Kernel for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for ((from, mask), to) in self.from.iter().zip(self.mask).zip(self.to) {
            simd.store(simd.mul(simd.load(from), simd.load(mask)), to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 4,000 values at a rate of 0.25 each stays with 3/4: 3,000, give or take four
    /// standard deviations of 27.
    #[test]
    fn the_share_is_the_rate_and_each_draw_its_own() {
        let draw = |seed, epoch, layer, image| {
            let mut mask = vec![Lanes::ZERO; 4000];
            Draw { seed, epoch }.mask(layer, 0.25, std::iter::once(image), &mut mask);
            mask.iter().map(|factor| factor.0[0]).collect::<Vec<f32>>()
        };
        let first = draw(1, 1, 0, 0);
        let kept = first.iter().filter(|&&factor| factor == 4.0 / 3.0).count();
        let dropped = first.iter().filter(|&&factor| factor == 0.0).count();
        assert!(kept + dropped == 4000 && (2890..3110).contains(&kept));
        assert_eq!(first, draw(1, 1, 0, 0));
        for other in [(2, 1, 0, 0), (1, 2, 0, 0), (1, 1, 1, 0), (1, 1, 0, 1)] {
            assert_ne!(first, draw(other.0, other.1, other.2, other.3));
        }
    }
}
