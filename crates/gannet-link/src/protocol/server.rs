//! The device's end: takes bytes from a port, runs the network, answers.
//!
//! One request is answered before the next is looked at, and nothing is remembered between
//! them: a request that is sent again gets the same bits again, and a device that was reset
//! goes on as if nothing had happened.

use super::frame::{HEAD_LEN, Header, Received, Receiver, VERSION, write_frame};
use super::message::{Identity, Kind, OutputHead, Reason, Refusal, Statistics};

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
    /// Who this is. The lengths in it are those of [`Engine::input`] and of the output.
    fn identity(&self) -> Identity<'_>;

    /// Where the input belongs. A request's payload is written here as it arrives.
    fn input(&mut self) -> &mut [u8];

    /// Computes the output of what is in the input; may overwrite the input.
    fn run(&mut self) -> Inference<'_>;

    /// What is known of the memory now.
    fn memory(&self) -> Memory {
        Memory::default()
    }
}

/// Answers requests. A firmware's main loop is `loop { server.poll(&mut port, &mut engine) }`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Server {
    receiver: Receiver,
    frames_received: u32,
    frames_damaged: u32,
    images_run: u32,
}

impl Server {
    /// A server that has heard nothing yet.
    pub const fn new() -> Self {
        Self {
            receiver: Receiver::new(),
            frames_received: 0,
            frames_damaged: 0,
            images_run: 0,
        }
    }

    /// Takes in the bytes that are there and answers the requests that they complete.
    pub fn poll(&mut self, port: &mut impl Port, engine: &mut impl Engine) {
        while let Some(byte) = port.read() {
            match self.receiver.push(byte, engine.input()) {
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
        match self.check(header, body_len, engine) {
            Err(refusal) => reply(port, Kind::Refused, header.tag, &[&refusal.to_bytes()]),
            Ok(Request::Hello) => {
                let (mut fixed, mut lengths) = ([0; _], [0; _]);
                let identity = engine.identity();
                let body = identity.pieces(&mut fixed, &mut lengths);
                reply(port, Kind::Identity, header.tag, &body);
            }
            Ok(Request::Run) => {
                self.images_run = self.images_run.wrapping_add(1);
                let inference = engine.run();
                let index = u32::from_le_bytes(head);
                let head = OutputHead {
                    index,
                    ticks: inference.ticks,
                }
                .to_bytes();
                reply(port, Kind::Output, header.tag, &[&head, inference.output]);
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
        body_len: usize,
        engine: &mut impl Engine,
    ) -> Result<Request, Refusal> {
        let refuse = |reason, expected, got| {
            let (expected, got) = (saturated(expected), saturated(got));
            Err(Refusal {
                reason,
                kind: header.kind,
                expected,
                got,
            })
        };
        if header.version != VERSION {
            return refuse(Reason::Version, VERSION.into(), header.version.into());
        }
        let (request, expected_len) = match Kind::from_wire(header.kind) {
            Some(Kind::Hello) => (Request::Hello, 0),
            Some(Kind::Run) => (Request::Run, HEAD_LEN + engine.input().len()),
            Some(Kind::Statistics) => (Request::Statistics, 0),
            _ => return refuse(Reason::Kind, 0, 0),
        };
        if body_len != expected_len {
            return refuse(Reason::Length, expected_len, body_len);
        }
        Ok(request)
    }
}

/// The kinds that a device answers.
enum Request {
    Hello,
    Run,
    Statistics,
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
