//! Takes images out of a split by chance: for validation on what does not train.
//! The same seed takes out the same images for ever.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::{DataError, Images, Split};

impl Split {
    /// What is left, and `count` images that are taken out, each with their labels and in the
    /// order that they had. Any images are as likely to go as any others: they are the first
    /// of a shuffle (Fisher and Yates) by ChaCha with 8 rounds, whose key is `seed` as a
    /// little-endian 64-bit number and then zeros.
    ///
    /// # Errors
    /// [`DataError::TakeOut`] if none would go, or none be left.
    pub fn take_out(&self, count: usize, seed: u64) -> Result<(Split, Split), DataError> {
        let images = self.len();
        if count == 0 || count >= images {
            return Err(DataError::TakeOut { count, images });
        }
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut random = ChaCha8Rng::from_seed(key);
        let mut order: Vec<usize> = (0..images).collect();
        for place in 0..count {
            let rest = (images - place) as u64;
            // 64 bits against at most 2^32 images: the bias is below 2^-32.
            order.swap(place, place + (random.next_u64() % rest) as usize);
        }
        let mut goes = vec![false; images];
        order[..count].iter().for_each(|&index| goes[index] = true);
        Ok((self.only(&goes, false), self.only(&goes, true)))
    }

    /// The images for which `marks` is `mark`.
    fn only(&self, marks: &[bool], mark: bool) -> Split {
        let samples = self.iter().zip(marks).filter(|&(_, &own)| own == mark);
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for (sample, _) in samples {
            pixels.extend_from_slice(sample.image.pixels());
            labels.push(sample.label);
        }
        let images = Images::new(self.images().shape(), pixels).expect("whole images were taken");
        self.with(images, labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Classes, ImageShape};

    /// Image `i` is of one pixel of value `i`, and of class `i % 10`.
    fn split(count: u8) -> Split {
        let shape = ImageShape::new(1, 1, 1).unwrap();
        let images = Images::new(shape, (0..count).collect()).unwrap();
        let labels = (0..count).map(|i| i % 10).collect();
        Split::new(images, labels, &Classes::digits()).unwrap()
    }

    #[test]
    fn every_image_is_on_one_side_with_its_label() {
        let (left, taken) = split(200).take_out(30, 7).unwrap();
        assert_eq!((left.len(), taken.len()), (170, 30));
        let mut all: Vec<u8> = Vec::new();
        for side in [&left, &taken] {
            assert!(side.images().pixels().is_sorted());
            all.extend(side.images().pixels());
            assert!(
                side.iter()
                    .all(|sample| sample.image.pixels()[0] % 10 == sample.label)
            );
        }
        all.sort_unstable();
        assert!(all.into_iter().eq(0..200));
    }

    #[test]
    fn the_seed_decides() {
        let taken = |seed| split(200).take_out(30, seed).unwrap().1;
        assert_eq!(taken(1), taken(1));
        assert_ne!(taken(1), taken(2));
    }

    /// Each of 10 images is taken out in 3 of 10 cases: 600 of 2000, with a deviation of 20.5.
    #[test]
    fn every_image_is_as_likely() {
        let mut counts = [0_i32; 10];
        for seed in 0..2000 {
            let (_, taken) = split(10).take_out(3, seed).unwrap();
            taken
                .labels()
                .iter()
                .for_each(|&label| counts[usize::from(label)] += 1);
        }
        assert!(
            counts.iter().all(|count| (count - 600).abs() < 90),
            "{counts:?}"
        );
    }

    #[test]
    fn something_goes_and_something_stays() {
        for count in [0, 10, 11] {
            let error = split(10).take_out(count, 0).unwrap_err();
            assert!(matches!(error, DataError::TakeOut { images: 10, .. }));
        }
    }
}
