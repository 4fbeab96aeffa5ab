//! The network as the link sees it: an image lies whole in its memory, and it can be looked into.

use core::ops::ControlFlow;

use gannet_link::{Capabilities, Engine, Identity, Inference, Memory, as_bytes, as_bytes_mut};
use network::{INPUT_LEN, Input, Network, STAGES};

use crate::introduction::identity;
use crate::stack;
use crate::timer::Timer;

/// The longest body of a request: an image's index and the image.
pub const REQUEST_BYTES: usize = 4 + INPUT_LEN * size_of::<Input>();

/// A network that runs the images that arrive.
pub struct Device {
    network: &'static mut Network,
    timer: Timer,
    /// What each stage took, little-endian.
    stage_ticks: [[u8; 4]; STAGES],
}

impl Device {
    /// One to which no image came yet.
    pub fn new(network: &'static mut Network, timer: Timer) -> Device {
        Device {
            network,
            timer,
            stage_ticks: [[0; 4]; STAGES],
        }
    }
}

impl Engine for Device {
    fn identity(&self) -> Identity<'_> {
        identity(self.timer.ticks_per_second(), Capabilities::INSIGHT)
    }

    fn input(&mut self) -> &mut [u8] {
        as_bytes_mut(self.network.input_mut())
    }

    fn run(&mut self) -> Inference<'_> {
        let start = self.timer.now();
        let output = self.network.run();
        let ticks = self.timer.now().wrapping_sub(start);
        Inference {
            output: as_bytes(output),
            ticks: ticks.into(),
        }
    }

    fn run_until(&mut self, runs: u32) -> &[u8] {
        let mut left = runs;
        self.network.run_watched(&mut |_| {
            left = left.saturating_sub(1);
            if left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    }

    fn time_stages(&mut self) -> &[u8] {
        self.stage_ticks = [[0; 4]; STAGES];
        let mut start = self.timer.now();
        self.network.run_watched(&mut |stage| {
            let took = self.timer.now().wrapping_sub(start);
            if let Some(ticks) = self.stage_ticks.get_mut(stage) {
                *ticks = u32::from_le_bytes(*ticks).wrapping_add(took).to_le_bytes();
            }
            start = self.timer.now();
            ControlFlow::Continue(())
        });
        self.stage_ticks.as_flattened()
    }

    fn self_test(&mut self) -> bool {
        self.network.self_test()
    }

    fn memory(&self) -> Memory {
        stack::memory()
    }
}
