//! What a split looks like in numbers: how many images of each class, how bright, how blank.
//! In goes a [`Split`], out comes one serializable value; a histogram of the 256 byte values is
//! all that the pixel figures need, so they are exact.

use serde::{Deserialize, Serialize};

use crate::Split;

/// Figures of one split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitStats {
    /// How many images.
    pub images: usize,
    /// `[height, width, channels]` of each.
    pub shape: [usize; 3],
    /// How many images each class has, in the order of the labels.
    pub per_class: Vec<usize>,
    /// The darkest byte, 0 to 255.
    pub min: u8,
    /// The brightest byte, 0 to 255.
    pub max: u8,
    /// Mean of byte / 255 over all pixels and channels.
    pub mean: f64,
    /// Standard deviation of byte / 255 (of the population: divided by the number of bytes).
    pub std: f64,
    /// Share of bytes that are 0: what a kernel that skips blank pixels saves, 0 to 1.
    pub zero_share: f64,
}

impl SplitStats {
    /// Counts one split.
    pub fn of(split: &Split) -> Self {
        let mut per_class = vec![0; split.class_count()];
        for &label in split.labels() {
            per_class[usize::from(label)] += 1;
        }
        let mut histogram = [0u64; 256];
        for &byte in split.images().pixels() {
            histogram[usize::from(byte)] += 1;
        }

        let bytes = split.images().pixels().len() as f64;
        let mean_of = |value: &dyn Fn(f64) -> f64| {
            let levels = histogram.iter().enumerate();
            levels
                .map(|(level, &count)| count as f64 * value(level as f64 / 255.0))
                .sum::<f64>()
                / bytes
        };
        let mean = mean_of(&|level| level);
        let variance = mean_of(&|level| (level - mean).powi(2));
        let occurs = |level: &u8| histogram[usize::from(*level)] > 0;
        let shape = split.images().shape();
        Self {
            images: split.len(),
            shape: [shape.height(), shape.width(), shape.channels()],
            per_class,
            min: (0..=255).find(occurs).unwrap_or(0),
            max: (0..=255).rev().find(occurs).unwrap_or(0),
            mean,
            std: variance.sqrt(),
            zero_share: histogram[0] as f64 / bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Classes, ImageShape, Images};

    #[test]
    fn figures_of_a_split_by_hand() {
        // Bytes 0, 51, 102, 255 are 0.0, 0.2, 0.4, 1.0: mean 0.4,
        // variance (0.16 + 0.04 + 0 + 0.36) / 4 = 0.14.
        let shape = ImageShape::new(1, 2, 1).unwrap();
        let images = Images::new(shape, vec![0, 51, 102, 255]).unwrap();
        let classes = Classes::named(["a", "b", "c"].map(String::from).to_vec()).unwrap();
        let stats = SplitStats::of(&Split::new(images, vec![2, 2], &classes).unwrap());
        assert_eq!((stats.images, stats.shape), (2, [1, 2, 1]));
        assert_eq!(stats.per_class, [0, 0, 2]);
        assert_eq!((stats.min, stats.max, stats.zero_share), (0, 255, 0.25));
        assert!((stats.mean - 0.4).abs() < 1e-15);
        assert!((stats.std - 0.14f64.sqrt()).abs() < 1e-15);
    }
}
