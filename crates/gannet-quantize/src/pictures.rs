//! The pictures that a network is calibrated with, as it takes them.

use gannet_data::{Image, Images};
use gannet_graph::{Shape, Tensor};

use crate::QuantizeError;

/// One picture or more of the shape that a network takes; pixels are taken as `x / 255`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pictures<'a>(&'a Images);

impl<'a> Pictures<'a> {
    /// `images`, if the network `network` that takes `expected` can be given them.
    ///
    /// # Errors
    /// [`QuantizeError::NoPictures`] or [`QuantizeError::PictureShape`].
    pub fn new(images: &'a Images, network: &str, expected: &Shape) -> Result<Self, QuantizeError> {
        if images.is_empty() {
            return Err(QuantizeError::NoPictures);
        }
        let shape = images.shape();
        let found = Shape::from([shape.height(), shape.width(), shape.channels()]);
        if found != *expected {
            return Err(QuantizeError::PictureShape {
                network: network.to_owned(),
                expected: expected.clone(),
                found,
            });
        }
        Ok(Pictures(images))
    }

    /// The pictures in order.
    pub fn iter(self) -> impl Iterator<Item = Tensor> {
        self.0.iter().map(tensor)
    }

    /// The picture at `index`, which is below their number.
    pub fn get(self, index: usize) -> Tensor {
        tensor(self.0.get(index).expect("a picture of the set"))
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.0.len()
    }
}

fn tensor(image: Image<'_>) -> Tensor {
    let (shape, pixels) = (image.shape(), image.pixels());
    let extents = [shape.height(), shape.width(), shape.channels()];
    Tensor::from_fn(extents, |i| f32::from(pixels[i]) / 255.0)
}
