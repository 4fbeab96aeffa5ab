//! Where a device's result is not the host's: behind which run of a stage its memory first is not.
//! A conversation, an input and the host's own memory go in; both memories come out.

use gannet_link::{Client, Crc32, LinkError, Wire};

/// The first run of a stage behind which a device's memory is not the host's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// How many runs of stages there were, it included.
    pub runs: u32,
    /// The host's memory behind it.
    pub host: Vec<u8>,
    /// The device's.
    pub device: Vec<u8>,
}

/// Searches an inference of `input` that takes `runs` runs of stages for the first behind which
/// the device's memory is not the host's, by halves: each step has the device compute anew. `host`
/// tells the host's memory behind so many runs. `None` if the memory is the host's at the end.
///
/// What is found is a run with the host's memory before it and other memory behind it. That is so
/// even if an earlier stage went wrong too and its values were overwritten since.
///
/// # Errors
/// As [`Client::memory_behind`].
pub fn locate<W: Wire>(
    client: &mut Client<W>,
    input: &[u8],
    runs: u32,
    mut host: impl FnMut(u32) -> Vec<u8>,
) -> Result<Option<Divergence>, LinkError> {
    let mut same = |client: &mut Client<W>, runs| {
        let crc = client.memory_behind(input, runs, 0..0)?.crc;
        Ok::<_, LinkError>(crc == Crc32::of(&host(runs)))
    };
    if same(client, runs)? {
        return Ok(None);
    }
    let (mut right, mut wrong) = (0, runs);
    while wrong - right > 1 {
        let middle = right + (wrong - right) / 2;
        if same(client, middle)? {
            right = middle;
        } else {
            wrong = middle;
        }
    }
    let host = host(wrong);
    let all = 0..u32::try_from(host.len()).unwrap_or(u32::MAX);
    let device = client.memory_behind(input, wrong, all)?.bytes;
    Ok(Some(Divergence {
        runs: wrong,
        host,
        device,
    }))
}
