//! A board whose serial line has room for one byte: while its network runs, it is deaf. Time is
//! counted and not waited for, so that only the client decides what happens.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use gannet_link::{Client, Engine, Identity, Inference, Patience, Server, Wire};

use crate::bench::{Direction, Queues, Sum, Through};
use crate::{image, patience};

const COMPUTES: Duration = Duration::from_millis(5);

/// The bench's engine, and whether it has just run.
struct Noticed {
    engine: Sum,
    has_run: bool,
}

impl Engine for Noticed {
    fn identity(&self) -> Identity<'_> {
        self.engine.identity()
    }

    fn input(&mut self) -> &mut [u8] {
        self.engine.input()
    }

    fn run(&mut self) -> Inference<'_> {
        self.has_run = true;
        self.engine.run()
    }
}

/// The board at the end of a line on which bytes take no time.
struct Deaf {
    server: Server,
    port: Queues,
    engine: Noticed,
    /// The time, and until when the network runs.
    now: Duration,
    busy_until: Duration,
    /// What it says, and when.
    said: VecDeque<(Duration, Vec<u8>)>,
}

impl Deaf {
    fn new() -> Self {
        Self {
            server: Server::new(),
            port: Queues::default(),
            engine: Noticed {
                engine: Sum::of(784),
                has_run: false,
            },
            now: Duration::ZERO,
            busy_until: Duration::ZERO,
            said: VecDeque::new(),
        }
    }
}

impl Wire for Deaf {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut heard = bytes;
        if self.now < self.busy_until {
            // It listens again near the end of what was sent meanwhile.
            heard = &bytes[bytes.len().saturating_sub(10)..];
        }
        for &byte in heard {
            self.port.input.push_back(byte);
            self.server.poll(&mut self.port, &mut self.engine);
            let mut at = self.now.max(self.busy_until);
            if std::mem::take(&mut self.engine.has_run) {
                at += COMPUTES;
                self.busy_until = at;
            }
            if !self.port.output.is_empty() {
                self.said.push_back((at, self.port.output.split_off(0)));
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let end = self.now + timeout;
        match self.said.pop_front_if(|(at, _)| *at <= end) {
            Some((at, bytes)) => {
                self.now = self.now.max(at);
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
            None => {
                self.now = end;
                Ok(0)
            }
        }
    }
}

/// A spark on the line before one frame to the device, counted from 1.
fn spark_before(frame: u32) -> impl FnMut(Direction, &[u8]) -> Vec<u8> {
    let mut frames = 0;
    move |direction, bytes| {
        frames += u32::from(direction == Direction::ToDevice);
        let spark = direction == Direction::ToDevice && frames == frame;
        [if spark { &b"\x37"[..] } else { b"" }, bytes].concat()
    }
}

#[test]
fn a_fault_does_not_set_off_a_chain_of_repetitions() {
    // A spark on the line before image 3 makes the device complain, and then compute.
    let wire = Through {
        wire: Deaf::new(),
        change: spark_before(5),
    };
    let patience = Patience {
        reply: Duration::from_secs(3600),
        settle: 2 * COMPUTES,
        ..patience()
    };
    let mut client = Client::connect(wire, patience).expect("greeting passes");
    for index in 0..20 {
        let (pixels, expected) = image(index, 784);
        let outcome = client.run(index, &pixels).expect("one spark");
        assert_eq!(outcome.output, expected);
    }
    let counts = client.counts();
    assert_eq!((counts.damaged_there, counts.resent), (1, 0));
}

/// The model is deaf indeed: who does not wait until it is done sets off a chain.
#[test]
fn without_patience_one_fault_sets_off_more() {
    let wire = Through {
        wire: Deaf::new(),
        change: spark_before(2),
    };
    let hasty = Patience {
        reply: Duration::from_secs(3600),
        settle: COMPUTES / 5,
        ..patience()
    };
    let mut client = Client::connect(wire, hasty).expect("greeting passes");
    for index in 0..2 {
        let (pixels, expected) = image(index, 784);
        let outcome = client.run(index, &pixels).expect("an answer comes");
        assert_eq!(outcome.output, expected);
    }
    let counts = client.counts();
    assert!(counts.damaged_there > 1 && counts.resent > 0, "{counts:?}");
}
