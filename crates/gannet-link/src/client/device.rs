//! What the host learned of a device when it greeted it.

use crate::protocol::{Capabilities, Identity, TensorInfo};

/// The device at the other end of the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The name of the network that it runs.
    pub network: String,
    /// The first 8 bytes of the network's SHA-256.
    pub hash: [u8; 8],
    /// The board's name.
    pub board: String,
    /// What the network takes.
    pub input: TensorInfo,
    /// What the network gives.
    pub output: TensorInfo,
    /// What a tick is, 0 if the device has no clock to measure with.
    pub ticks_per_second: u32,
    /// How many requests it takes before it has answered the first.
    pub window: u8,
    /// What else it can do.
    pub capabilities: Capabilities,
}

impl Device {
    /// How long `ticks` of the device are, if it has a clock.
    pub fn seconds(&self, ticks: u64) -> Option<f64> {
        (self.ticks_per_second != 0).then(|| ticks as f64 / f64::from(self.ticks_per_second))
    }
}

impl From<Identity<'_>> for Device {
    fn from(identity: Identity<'_>) -> Self {
        Self {
            network: identity.network.to_owned(),
            hash: identity.hash,
            board: identity.board.to_owned(),
            input: identity.input,
            output: identity.output,
            ticks_per_second: identity.ticks_per_second,
            window: identity.window,
            capabilities: identity.capabilities,
        }
    }
}
