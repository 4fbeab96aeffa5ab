//! How the network takes its images: whole.

use core::ops::ControlFlow;

use network::{Input, Network, INPUT_LEN, Output, OUTPUT_LEN};

/// Puts an image in.
pub fn put(network: &mut Network, image: &[Input; INPUT_LEN]) {
    network.input_mut().copy_from_slice(image);
}

/// One inference of the image that was put in.
pub fn run<'n>(network: &'n mut Network, _image: &[Input; INPUT_LEN]) -> &'n [Output; OUTPUT_LEN] {
    network.run()
}

/// A network whose images arrive one after the other.
pub struct Fed {
    network: Network,
}

impl Fed {
    /// One to which no image came yet.
    pub const fn new() -> Self {
        Fed {
            network: Network::new(),
        }
    }

    /// Where the next image goes.
    pub fn image_mut(&mut self) -> &mut [Input; INPUT_LEN] {
        self.network.input_mut()
    }

    /// One inference of the image that is there.
    pub fn run(&mut self) -> &[Output; OUTPUT_LEN] {
        self.network.run()
    }

    /// One inference of it that can be looked into.
    pub fn run_watched(&mut self, behind: &mut dyn FnMut(usize) -> ControlFlow<()>) -> &[u8] {
        self.network.run_watched(behind)
    }

    /// Whether the network's self-test succeeds.
    pub fn self_test(&mut self) -> bool {
        self.network.self_test()
    }
}
