//! What one inference costs by the cycle counter of the board itself. A conversation with the
//! firmware's program `validate` goes in, cycles come out.

use gannet_link::{Client, LinkError, Wire};

use crate::board::Board;

/// How often the network runs: the first run finds flash caches empty.
const RUNS: u32 = 5;

/// The fewest core cycles that one inference of `input` took; `None` if the device's clock is not
/// the core's at full speed, as in an emulator. Nothing arrives at the device while it computes,
/// so that no interrupt is counted.
///
/// # Errors
/// As [`Client::run`].
pub fn measured_cycles<W: Wire>(
    client: &mut Client<W>,
    board: &Board,
    input: &[u8],
) -> Result<Option<u64>, LinkError> {
    if client.device().ticks_per_second != board.clock.core_hz() {
        return Ok(None);
    }
    let mut fewest = None;
    for index in 0..RUNS {
        let ticks = client.run(index, input)?.ticks;
        fewest = Some(fewest.map_or(ticks, |fewest: u64| fewest.min(ticks)));
    }
    Ok(fewest)
}
