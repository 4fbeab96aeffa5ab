//! What one inference costs by the cycle counter of the board itself. A conversation with the
//! firmware's program `validate` goes in, cycles come out.

use gannet_link::{Client, LinkError, Wire};

use crate::board::Board;

/// How often the network runs: the first run finds flash caches empty.
const RUNS: u32 = 5;

/// Core cycles of one inference, as the board counted them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// From the call of the network to its return.
    pub cycles: u64,
    /// Of each stage, in the order of their numbers; nothing from firmware that cannot be looked
    /// into.
    pub stages: Option<Vec<u64>>,
}

/// The fewest core cycles that one inference of `input` took, and each of its stages, each from
/// runs of its own; `None` if the device's clock is not the core's at full speed, as in an
/// emulator. Nothing arrives at the device while it computes, so that no interrupt is counted.
///
/// # Errors
/// As [`Client::run`].
pub fn measured<W: Wire>(
    client: &mut Client<W>,
    board: &Board,
    input: &[u8],
) -> Result<Option<Measured>, LinkError> {
    if client.device().ticks_per_second != board.clock.core_hz() {
        return Ok(None);
    }
    let mut cycles = client.run(0, input)?.ticks;
    for index in 1..RUNS {
        cycles = cycles.min(client.run(index, input)?.ticks);
    }
    let stages = match client.has_insight() {
        true => Some(stages(client, input)?),
        false => None,
    };
    Ok(Some(Measured { cycles, stages }))
}

/// The fewest ticks of each stage.
fn stages<W: Wire>(client: &mut Client<W>, input: &[u8]) -> Result<Vec<u64>, LinkError> {
    let mut fewest = client.time_stages(input)?;
    for _ in 1..RUNS {
        let again = client.time_stages(input)?;
        for (fewest, ticks) in fewest.iter_mut().zip(again) {
            *fewest = ticks.min(*fewest);
        }
    }
    Ok(fewest.into_iter().map(u64::from).collect())
}
