//! The pixels of a chunk of images, as they are or changed.
//!
//! What is drawn for an image depends on seed, epoch and image alone, not on when and where
//! it is drawn.

use gannet_data::Images;

use crate::augment::Augmentation;
use crate::augment::motion::Motion;
use crate::engine::Lanes;
use crate::random::{Purpose, Stream};

/// Images, and what is done to them.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    images: &'a Images,
    changes: Option<Changes<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Changes<'a> {
    recipe: &'a Augmentation,
    seed: u64,
    epoch: usize,
}

impl<'a> Source<'a> {
    /// Images as they are.
    pub fn plain(images: &'a Images) -> Self {
        Source {
            images,
            changes: None,
        }
    }

    /// Images changed as the recipe says, in that epoch.
    pub fn changed(images: &'a Images, recipe: &'a Augmentation, seed: u64, epoch: usize) -> Self {
        Source {
            images,
            changes: Some(Changes {
                recipe,
                seed,
                epoch,
            }),
        }
    }

    /// Writes images to lanes, one after another; `room` is room for one image.
    pub fn write(
        &self,
        indices: impl ExactSizeIterator<Item = usize> + Clone,
        to: &mut [Lanes],
        room: &mut [f32],
    ) {
        let shape = self.images.shape();
        let pixels = |index: usize| &self.images.pixels()[index * shape.elements()..];
        let Some(changes) = &self.changes else {
            // Some elements for all lanes, then the next, so that they stay in the cache.
            for (i, to) in to.chunks_mut(BLOCK).enumerate() {
                for (lane, index) in indices.clone().enumerate() {
                    for (to, &pixel) in to.iter_mut().zip(&pixels(index)[i * BLOCK..]) {
                        to.0[lane] = VALUES[usize::from(pixel)];
                    }
                }
            }
            return;
        };
        for (lane, index) in indices.enumerate() {
            let pixels = &pixels(index)[..shape.elements()];
            let shape = [shape.height(), shape.width(), shape.channels()];
            changes.write(index, pixels, shape, room);
            for (to, &value) in to.iter_mut().zip(room.iter()) {
                to.0[lane] = value;
            }
        }
    }
}

/// Elements whose sixteen lanes take 4 KiB.
const BLOCK: usize = 64;

/// `x / 255` of every byte: a division takes longer than a look-up.
static VALUES: [f32; 256] = {
    let mut values = [0.0; 256];
    let mut byte = 0;
    while byte < 256 {
        values[byte] = byte as f32 / 255.0;
        byte += 1;
    }
    values
};

impl Changes<'_> {
    fn write(&self, index: usize, pixels: &[u8], shape: [usize; 3], to: &mut [f32]) {
        let place = (self.epoch as u64) << 32 | index as u64;
        let mut stream = Stream::new(self.seed, Purpose::Augmentation, place);
        Motion::draw(self.recipe, &mut stream).apply(pixels, shape, to);
        if self.recipe.erase > 0.0 {
            erase(self.recipe.erase, shape, to, &mut stream);
        }
        if self.recipe.noise > 0.0 {
            for value in to {
                let noise = stream.range(-self.recipe.noise, self.recipe.noise);
                *value = (*value + noise).clamp(0.0, 1.0);
            }
        }
    }
}

/// Blanks a rectangle with sides evenly from 0 to `most` of the image's, somewhere inside.
fn erase(most: f32, [height, width, channels]: [usize; 3], to: &mut [f32], stream: &mut Stream) {
    let [(top, rows), (left, columns)] = [height, width].map(|side| {
        let len = (stream.range(0.0, most) * side as f32 + 0.5) as usize;
        let room = u32::try_from(side - len.min(side)).expect("sides of images are small");
        (stream.below(room + 1) as usize, len.min(side))
    });
    for y in top..top + rows {
        to[(y * width + left) * channels..][..columns * channels].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::LANES;
    use gannet_data::ImageShape;

    fn images() -> Images {
        let shape = ImageShape::new(12, 10, 2).unwrap();
        Images::new(shape, (0..3 * 240).map(|i| (i % 200 + 50) as u8).collect()).unwrap()
    }

    fn lane_of(source: &Source<'_>, index: usize) -> Vec<f32> {
        let mut to = vec![Lanes([-1.0; LANES]); 240];
        source.write([0, index].into_iter(), &mut to, &mut [0.0; 240]);
        assert!(to.iter().all(|to| to.0[2] == -1.0));
        to.iter().map(|to| to.0[1]).collect()
    }

    fn written(recipe: &Augmentation, seed: u64, epoch: usize, index: usize) -> Vec<f32> {
        lane_of(&Source::changed(&images(), recipe, seed, epoch), index)
    }

    #[test]
    fn every_image_is_drawn_anew_each_epoch_and_can_be_drawn_again() {
        let recipe = Augmentation {
            shift: 2.0,
            rotate: 10.0,
            elastic: 1.0,
            ..Default::default()
        };
        let first = written(&recipe, 1, 1, 0);
        assert_eq!(first, written(&recipe, 1, 1, 0));
        assert!(
            [(2, 1, 0), (1, 2, 0), (1, 1, 1)]
                .into_iter()
                .all(|(seed, epoch, index)| first != written(&recipe, seed, epoch, index))
        );
    }

    #[test]
    fn nothing_to_change_changes_nothing() {
        let plain = lane_of(&Source::plain(&images()), 2);
        assert_eq!(plain, written(&Augmentation::default(), 1, 1, 2));
        assert_eq!(plain[0], (480 % 200 + 50) as f32 / 255.0);
    }

    #[test]
    fn erased_is_a_rectangle_and_noise_keeps_its_range() {
        let erased = written(
            &Augmentation {
                erase: 1.0,
                ..Default::default()
            },
            3,
            1,
            0,
        );
        let blank: Vec<(usize, usize)> = (0..120)
            .filter(|pixel| erased[pixel * 2] == 0.0)
            .map(|pixel| (pixel / 10, pixel % 10))
            .collect();
        let side = |of: fn(&(usize, usize)) -> usize| {
            let places = blank.iter().map(of);
            places.clone().max().unwrap() - places.min().unwrap() + 1
        };
        assert_eq!(blank.len(), side(|pixel| pixel.0) * side(|pixel| pixel.1));

        let noisy = written(
            &Augmentation {
                noise: 0.5,
                ..Default::default()
            },
            3,
            1,
            0,
        );
        let plain = written(&Augmentation::default(), 3, 1, 0);
        let far = noisy
            .iter()
            .zip(&plain)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(far > 0.4 && far <= 0.5);
        assert!(noisy.iter().all(|value| (0.0..=1.0).contains(value)));
    }
}
