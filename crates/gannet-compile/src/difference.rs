//! Where a device's working memory is not the host's: which layer wrote it, and by how much it is
//! off. A [`Program`], a run of a stage and two memories go in; a [`Difference`] comes out.

use crate::ir::{Buffer, BufferId, Element, Program};

/// What of the values that a stage wrote is not the host's.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The layers that the stage computes, by their names in the network.
    pub layers: Vec<String>,
    /// The row that it was told to compute, where it works row by row.
    pub row: Option<i64>,
    /// The values, if what it writes differs; memory beside it may be all that does.
    pub values: Option<Values>,
}

/// Values that differ. Those of integers count in steps of their scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Values {
    /// How many there are in memory at that time.
    pub count: usize,
    /// How many of them differ.
    pub differing: usize,
    /// The largest distance of two of them.
    pub largest: f64,
    /// The place of the first that differs.
    pub first: usize,
    /// What the host has there.
    pub host: f64,
    /// What the device has there.
    pub device: f64,
}

/// What differs in two arenas as they are behind the run number `runs` of a stage, counted from
/// 1, of [`Program::runs`]; `None` if there is no such run.
pub fn difference(
    program: &Program,
    runs: usize,
    host: &[u8],
    device: &[u8],
) -> Option<Difference> {
    let (stage, arguments) = program.runs().into_iter().nth(runs.checked_sub(1)?)?;
    let stage = program.stage(stage);
    let values = |id: BufferId| values(program, program.buffer(id), host, device);
    Some(Difference {
        layers: stage.layers.clone(),
        row: arguments.first().copied(),
        values: stage.stores().into_iter().find_map(values),
    })
}

fn values(program: &Program, buffer: &Buffer, host: &[u8], device: &[u8]) -> Option<Values> {
    let begin = program.offset(buffer)?;
    let range = begin..begin + buffer.bytes();
    let width = buffer.element.bytes();
    let of = |memory: &[u8]| memory.get(range.clone()).map(|bytes| bytes.to_vec());
    let (host, device) = (of(host)?, of(device)?);
    let pairs = host.chunks_exact(width).zip(device.chunks_exact(width));
    let differing: Vec<(usize, f64, f64)> = (pairs.enumerate())
        .filter(|(_, (host, device))| host != device)
        .map(|(i, (host, device))| {
            (
                i,
                number(buffer.element, host),
                number(buffer.element, device),
            )
        })
        .collect();
    let &(first, at_host, at_device) = differing.first()?;
    let distances = differing
        .iter()
        .map(|(_, host, device)| (host - device).abs());
    Some(Values {
        count: buffer.len(),
        differing: differing.len(),
        largest: distances.fold(0.0, f64::max),
        first,
        host: at_host,
        device: at_device,
    })
}

/// The number that an element's little-endian bytes hold.
fn number(element: Element, bytes: &[u8]) -> f64 {
    let word = || {
        let mut word = [0; 4];
        word[..bytes.len()].copy_from_slice(bytes);
        word
    };
    match element {
        Element::F32 => f32::from_le_bytes(word()).into(),
        Element::I32 => i32::from_le_bytes(word()).into(),
        Element::I16 => i16::from_le_bytes([bytes[0], bytes[1]]).into(),
        Element::U8 => bytes[0].into(),
        Element::I8 => bytes[0].cast_signed().into(),
    }
}
