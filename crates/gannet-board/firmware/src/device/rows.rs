//! The network as the link sees it: of an image a row lies in its memory, and is computed with
//! before the next one comes.

use gannet_link::{
    Capabilities, Engine, Identity, Inference, Memory, PART_LEN, as_bytes, as_bytes_mut,
};
use network::{Network, OUTPUT_LEN, Output};

use crate::introduction::identity;
use crate::stack;
use crate::timer::Timer;

/// The longest body of a request: the place of a part of an image, and the part.
pub const REQUEST_BYTES: usize = 4 + PART_LEN;

/// A network that runs on the rows that arrive.
pub struct Device {
    network: &'static mut Network,
    timer: Timer,
    /// What the rows of the image took so far.
    ticks: u32,
    /// What the last image gave: it may be asked for twice.
    output: [Output; OUTPUT_LEN],
}

impl Device {
    /// One to which no row came yet.
    pub fn new(network: &'static mut Network, timer: Timer) -> Device {
        Device {
            network,
            timer,
            ticks: 0,
            output: [0 as Output; OUTPUT_LEN],
        }
    }
}

impl Engine for Device {
    fn identity(&self) -> Identity<'_> {
        identity(self.timer.ticks_per_second(), Capabilities::ROWS)
    }

    fn input(&mut self) -> &mut [u8] {
        as_bytes_mut(self.network.row_mut())
    }

    fn push_row(&mut self, row: usize) {
        let start = self.timer.now();
        if row == 0 {
            self.network.restart();
            self.ticks = 0;
        }
        if let Some(output) = self.network.push_row() {
            self.output = *output;
        }
        let took = self.timer.now().wrapping_sub(start);
        self.ticks = self.ticks.wrapping_add(took);
    }

    fn run(&mut self) -> Inference<'_> {
        Inference {
            output: as_bytes(&self.output),
            ticks: self.ticks.into(),
        }
    }

    fn memory(&self) -> Memory {
        stack::memory()
    }
}
