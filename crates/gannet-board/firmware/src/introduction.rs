//! How the device introduces itself over the link.

use gannet_link::{Capabilities, Element, Identity, TensorInfo};

use crate::board;

/// Requests that may be on their way at once: one that is computed and one that arrives.
pub const WINDOW: u8 = 2;

/// Who this is. `capabilities` are those of how the network takes its images.
pub fn identity(ticks_per_second: u32, capabilities: Capabilities) -> Identity<'static> {
    Identity {
        window: WINDOW,
        network: network::NAME,
        hash: network::HASH,
        board: board::NAME,
        input: tensor::<network::Input>(network::INPUT_LEN),
        output: tensor::<network::Output>(network::OUTPUT_LEN),
        ticks_per_second,
        capabilities,
    }
}

fn tensor<E: Element>(elements: usize) -> TensorInfo {
    TensorInfo {
        element: E::TYPE,
        len_bytes: (elements * E::TYPE.len_bytes()) as u32,
    }
}
