//! The device's end: takes bytes from a port, runs the network, answers.
//!
//! One request is answered before the next is looked at, and nothing is remembered between
//! them but the parts of an input, or how many of them a network of rows has computed with. Either
//! is taken only with the CRC of the whole: a request that is sent again gets the same bits again,
//! and a device that was reset goes on as if nothing had happened.

use core::ops::Range;

use super::crc::Crc32;
use super::frame::{CRC_LEN, HEAD_LEN, Header, Received, Receiver, VERSION, write_frame};
use super::message::{
    Capabilities, Identity, Kind, MemoryHead, OutputHead, PART_LEN, Reason, Refusal, Statistics,
    u32_at,
};
use super::rows::Rows;

/// The device's serial line.
pub trait Port {
    /// The next byte that arrived, or `None` if there is none now.
    fn read(&mut self) -> Option<u8>;

    /// Sends a byte, waiting until there is room for it.
    fn write(&mut self, byte: u8);
}

/// What one run of the network gave.
#[derive(Clone, Copy, Debug)]
pub struct Inference<'a> {
    /// The output as it travels, see [`as_bytes`](super::as_bytes).
    pub output: &'a [u8],
    /// How long it took, in the ticks that [`Identity::ticks_per_second`] tells, or 0.
    pub ticks: u64,
}

/// What a device knows of its memory, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// The deepest stack so far.
    pub peak_stack: Option<u32>,
    /// Statically allocated memory.
    pub static_ram: Option<u32>,
}

/// The network, as the wire sees it.
pub trait Engine {
    /// Who this is. The lengths in it are those of the whole input and of the output.
    fn identity(&self) -> Identity<'_>;

    /// Where the input belongs, or with [`Capabilities::ROWS`] its next row. It is written here as
    /// it arrives.
    fn input(&mut self) -> &mut [u8];

    /// Computes the output of what is in the input; may overwrite the input. With
    /// [`Capabilities::ROWS`] it has been computed, and is given as often as it is asked for.
    fn run(&mut self) -> Inference<'_>;

    /// Computes with the row that is in the input, as far as it goes; number 0 is the first of an
    /// input, whatever came before. It is asked only of an engine with [`Capabilities::ROWS`].
    fn push_row(&mut self, _row: usize) {}

    /// Clears the working memory around the input, computes until the network's stages have run
    /// `runs` times, at least once, or to the end, and gives the working memory. As the next two,
    /// it is asked only of an engine with [`Capabilities::INSIGHT`].
    fn run_until(&mut self, _runs: u32) -> &[u8] {
        &[]
    }

    /// Computes the output of what is in the input; gives the ticks that each stage took in all,
    /// little-endian `u32`s.
    fn time_stages(&mut self) -> &[u8] {
        &[]
    }

    /// Whether the network gives the output that it gave where it was generated, for an input of
    /// its own. May overwrite the input.
    fn self_test(&mut self) -> bool {
        false
    }

    /// What is known of the memory now.
    fn memory(&self) -> Memory {
        Memory::default()
    }
}

/// Answers requests. A firmware's main loop is `loop { server.poll(&mut port, &mut engine) }`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Server {
    receiver: Receiver,
    /// What a request brings that is not a whole input.
    part: [u8; PART_LEN],
    /// How much of the input was taken, where it comes a row at a time.
    rows: Rows,
    frames_received: u32,
    frames_damaged: u32,
    images_run: u32,
}

impl Server {
    /// A server that has heard nothing yet.
    pub const fn new() -> Self {
        Self {
            receiver: Receiver::new(),
            part: [0; PART_LEN],
            rows: Rows::new(),
            frames_received: 0,
            frames_damaged: 0,
            images_run: 0,
        }
    }

    /// Says that the device has just started, unasked. A host that was in the middle of something
    /// then need not wait for an answer that will not come.
    pub fn announce(port: &mut impl Port, engine: &impl Engine) {
        tell_identity(port, engine, 0);
    }

    /// Takes in the bytes that are there and answers the requests that they complete.
    pub fn poll(&mut self, port: &mut impl Port, engine: &mut impl Engine) {
        let holds_inputs = !takes_rows(engine);
        while let Some(byte) = port.read() {
            let payload = match self.receiver.kind() {
                Some(kind) if holds_inputs && kind == Kind::Run.to_wire() => engine.input(),
                _ => &mut self.part,
            };
            match self.receiver.push(byte, payload) {
                None => {}
                Some(Received::Damaged) => {
                    self.frames_damaged = self.frames_damaged.wrapping_add(1);
                    let refusal = Refusal {
                        reason: Reason::Damaged,
                        kind: 0,
                        expected: 0,
                        got: 0,
                    };
                    reply(port, Kind::Refused, 0, &[&refusal.to_bytes()]);
                }
                Some(Received::Frame {
                    header,
                    head,
                    body_len,
                }) => {
                    self.frames_received = self.frames_received.wrapping_add(1);
                    self.answer(header, head, body_len, port, engine);
                }
            }
        }
    }

    fn answer(
        &mut self,
        header: Header,
        head: [u8; HEAD_LEN],
        body_len: usize,
        port: &mut impl Port,
        engine: &mut impl Engine,
    ) {
        match self.check(header, head, body_len, engine) {
            Err(refusal) => reply(port, Kind::Refused, header.tag, &[&refusal.to_bytes()]),
            Ok(Request::Hello) => tell_identity(port, engine, header.tag),
            Ok(Request::Run(kind)) => {
                self.images_run = self.images_run.wrapping_add(1);
                let inference = engine.run();
                let index = u32::from_le_bytes(head);
                let head = OutputHead {
                    index,
                    ticks: inference.ticks,
                }
                .to_bytes();
                reply(port, kind, header.tag, &[&head, inference.output]);
            }
            Ok(Request::Part(place)) => {
                let part = self.part.get(..place.len()).unwrap_or_default();
                if takes_rows(engine) {
                    self.rows.take(place.start, part, engine);
                } else {
                    let input = engine.input().get_mut(place).unwrap_or_default();
                    for (byte, arrived) in input.iter_mut().zip(part) {
                        *byte = *arrived;
                    }
                }
                reply(port, Kind::Kept, header.tag, &[]);
            }
            Ok(Request::RunUntil { runs, place, len }) => {
                let memory = engine.run_until(runs);
                let head = MemoryHead {
                    crc: Crc32::of(memory),
                    len_bytes: saturated(memory.len()),
                };
                let behind = memory.get(place..).unwrap_or_default();
                let stretch = behind.get(..len).unwrap_or(behind);
                let body: [&[u8]; 2] = [&head.to_bytes(), stretch];
                reply(port, Kind::MemoryBehind, header.tag, &body);
            }
            Ok(Request::TimeStages) => {
                let ticks = engine.time_stages();
                reply(port, Kind::StageTicks, header.tag, &[ticks]);
            }
            Ok(Request::SelfTest) => {
                let passed = u8::from(engine.self_test());
                reply(port, Kind::SelfTested, header.tag, &[&[passed]]);
            }
            Ok(Request::Statistics) => {
                let memory = engine.memory();
                let statistics = Statistics {
                    frames_received: self.frames_received,
                    frames_damaged: self.frames_damaged,
                    images_run: self.images_run,
                    peak_stack_bytes: memory.peak_stack,
                    static_ram_bytes: memory.static_ram,
                };
                reply(port, Kind::Counted, header.tag, &[&statistics.to_bytes()]);
            }
        }
    }

    fn check(
        &self,
        header: Header,
        head: [u8; HEAD_LEN],
        body_len: usize,
        engine: &mut impl Engine,
    ) -> Result<Request, Refusal> {
        let refusal = |reason, expected, got| Refusal {
            reason,
            kind: header.kind,
            expected: saturated(expected),
            got: saturated(got),
        };
        let of_length = |expected, request| {
            if body_len == expected {
                return Ok(request);
            }
            Err(refusal(Reason::Length, expected, body_len))
        };
        let lost = || refusal(Reason::Input, 0, 0);
        let field = |at| u32_at(&self.part, at).unwrap_or_default();
        let input_len = engine.identity().input.len_bytes as usize;
        let takes_rows = takes_rows(engine);
        if header.version != VERSION {
            let (ours, theirs) = (VERSION.into(), header.version.into());
            return Err(refusal(Reason::Version, ours, theirs));
        }
        let has_insight = (engine.identity().capabilities).contains(Capabilities::INSIGHT);
        match Kind::from_wire(header.kind) {
            Some(Kind::Hello) => of_length(0, Request::Hello),
            Some(Kind::Statistics) => of_length(0, Request::Statistics),
            Some(Kind::Run) if takes_rows => Err(refusal(Reason::Kind, 0, 0)),
            Some(Kind::Run) => of_length(HEAD_LEN + input_len, Request::Run(Kind::Output)),
            Some(Kind::RunParts) => {
                let request = of_length(HEAD_LEN + CRC_LEN, Request::Run(Kind::PartsOutput))?;
                let is_there = self.has_input(field(0), engine);
                is_there.then_some(request).ok_or_else(lost)
            }
            Some(Kind::RunUntil | Kind::TimeStages | Kind::SelfTest) if !has_insight => {
                Err(refusal(Reason::Kind, 0, 0))
            }
            Some(Kind::RunUntil) => {
                let request = Request::RunUntil {
                    runs: u32::from_le_bytes(head),
                    place: field(4) as usize,
                    len: field(8) as usize,
                };
                let request = of_length(HEAD_LEN + CRC_LEN + 8, request)?;
                let is_there = self.has_input(field(0), engine);
                is_there.then_some(request).ok_or_else(lost)
            }
            Some(Kind::TimeStages) => {
                let request = of_length(CRC_LEN, Request::TimeStages)?;
                let is_there = self.has_input(u32::from_le_bytes(head), engine);
                is_there.then_some(request).ok_or_else(lost)
            }
            Some(Kind::SelfTest) => of_length(0, Request::SelfTest),
            Some(Kind::Part) => {
                let part_len = body_len.saturating_sub(HEAD_LEN);
                let start = u32::from_le_bytes(head) as usize;
                let end = start.saturating_add(part_len);
                if body_len <= HEAD_LEN || part_len > PART_LEN {
                    return Err(refusal(Reason::Length, HEAD_LEN + PART_LEN, body_len));
                }
                if end > input_len {
                    return Err(refusal(Reason::Length, input_len, end));
                }
                if takes_rows && !self.rows.may_begin(start) {
                    return Err(lost());
                }
                Ok(Request::Part(start..end))
            }
            _ => Err(refusal(Reason::Kind, 0, 0)),
        }
    }

    /// Whether the input with this CRC is there, or has been computed with row by row.
    fn has_input(&self, crc: u32, engine: &mut impl Engine) -> bool {
        match takes_rows(engine) {
            true => {
                let input_len = engine.identity().input.len_bytes as usize;
                self.rows.are(input_len, crc)
            }
            false => Crc32::of(engine.input()) == crc,
        }
    }
}

fn takes_rows(engine: &impl Engine) -> bool {
    (engine.identity().capabilities).contains(Capabilities::ROWS)
}

/// What a device is asked for, once it is known to make sense.
enum Request {
    Hello,
    /// An input is complete; the reply is of this kind.
    Run(Kind),
    /// What was received belongs there in the input.
    Part(Range<usize>),
    /// An input is complete: compute as far as that, and send this stretch of memory.
    RunUntil {
        runs: u32,
        place: usize,
        len: usize,
    },
    /// An input is complete: compute and time it.
    TimeStages,
    SelfTest,
    Statistics,
}

fn tell_identity(port: &mut impl Port, engine: &impl Engine, tag: u16) {
    let (mut fixed, mut lengths) = ([0; _], [0; _]);
    let identity = engine.identity();
    let body = identity.pieces(&mut fixed, &mut lengths);
    reply(port, Kind::Identity, tag, &body);
}

fn reply(port: &mut impl Port, kind: Kind, tag: u16, body: &[&[u8]]) {
    let header = Header {
        version: VERSION,
        kind: kind.to_wire(),
        tag,
    };
    write_frame(header, body, |byte| port.write(byte));
}

fn saturated(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
