//! How the network takes its images: a row at a time, from wherever they lie.

use core::ops::ControlFlow;

use network::{Input, Network, INPUT_LEN, Output, OUTPUT_LEN};

/// Leaves an image where it is.
pub fn put(_network: &mut Network, _image: &[Input; INPUT_LEN]) {}

/// One inference of that image.
pub fn run<'n>(network: &'n mut Network, image: &[Input; INPUT_LEN]) -> &'n [Output; OUTPUT_LEN] {
    network.run(image)
}

/// A network whose images arrive one after the other, and one of them: a link sends an image again
/// that was spoiled, so that it is kept until it is all there.
pub struct Fed {
    network: Network,
    image: [Input; INPUT_LEN],
}

impl Fed {
    /// One to which no image came yet.
    pub const fn new() -> Self {
        Fed {
            network: Network::new(),
            image: [0 as Input; INPUT_LEN],
        }
    }

    /// Where the next image goes.
    pub fn image_mut(&mut self) -> &mut [Input; INPUT_LEN] {
        &mut self.image
    }

    /// One inference of the image that is there.
    pub fn run(&mut self) -> &[Output; OUTPUT_LEN] {
        self.network.run(&self.image)
    }

    /// One inference of it that can be looked into.
    pub fn run_watched(&mut self, behind: &mut dyn FnMut(usize) -> ControlFlow<()>) -> &[u8] {
        self.network.run_watched(&self.image, behind)
    }

    /// Whether the network's self-test succeeds.
    pub fn self_test(&mut self) -> bool {
        self.network.self_test()
    }
}
