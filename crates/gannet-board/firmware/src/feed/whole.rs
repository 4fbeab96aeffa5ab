//! How the network takes an image from flash: whole.

use network::{Input, Network, INPUT_LEN, Output, OUTPUT_LEN};

/// Puts an image in.
pub fn put(network: &mut Network, image: &[Input; INPUT_LEN]) {
    network.input_mut().copy_from_slice(image);
}

/// One inference of the image that was put in.
pub fn run<'n>(network: &'n mut Network, _image: &[Input; INPUT_LEN]) -> &'n [Output; OUTPUT_LEN] {
    network.run()
}
