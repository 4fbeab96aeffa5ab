//! A conversation with one device: who it is, images, statistics, and how long they took.

use std::time::{Duration, Instant};

use super::counts::Counts;
use super::device::Device;
use super::error::LinkError;
use super::exchange::{Line, Persistence, Request};
use super::images::{RunAll, image};
use super::wire::Wire;
use crate::protocol::message::at_most_255;
use crate::protocol::{Identity, Kind, Statistics};

/// More than any microcontroller can hold: memory is not set aside on a device's word alone.
const LARGEST_OUTPUT: u32 = 64 << 20;

/// How long to wait and how often to try.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until the first answer of all: a board or an emulator may still be starting.
    pub greeting: Duration,
    /// Until a greeting is sent again.
    pub greeting_reply: Duration,
    /// From a request being sent to its answer having arrived. It has to cover the answer's time
    /// on the wire and the device's computing.
    pub reply: Duration,
    /// How long the line has to be quiet after something was damaged. Best longer than the
    /// device computes.
    pub settle: Duration,
    /// How long a line that was closed may take to come back, where it can be opened again.
    pub reopen: Duration,
    /// How often a request is sent before it is given up, at least once.
    pub attempts: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            greeting: Duration::from_secs(10),
            greeting_reply: Duration::from_millis(500),
            reply: Duration::from_secs(5),
            settle: Duration::from_millis(50),
            reopen: Duration::from_secs(10),
            attempts: 20,
        }
    }
}

/// One image, computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The output's elements, little-endian.
    pub output: Vec<u8>,
    /// How long the network ran, in the device's ticks.
    pub ticks: u64,
    /// From the request being first sent to its answer having been taken.
    pub seconds: f64,
    /// How long the network ran, if the device has a clock.
    pub seconds_inference: Option<f64>,
    /// How often the request was sent again.
    pub resent: u32,
}

impl Outcome {
    /// All of the time that was not spent in the network, if the device has a clock.
    pub fn seconds_wire(&self) -> Option<f64> {
        self.seconds_inference
            .map(|inference| (self.seconds - inference).max(0.0))
    }
}

/// The host's end of a wire to a device that has answered.
pub struct Client<W> {
    pub(super) line: Line<W>,
    pub(super) device: Device,
    patience: Patience,
    /// How many more images go in parts before a whole one is tried again.
    pub(super) in_parts: u32,
}

impl<W: Wire> Client<W> {
    /// Greets the device at the other end until it answers or patience runs out.
    ///
    /// # Errors
    /// Silence, noise, another protocol version, a wire that closes.
    pub fn connect(wire: W, patience: Patience) -> Result<Self, LinkError> {
        let mut line = Line::new(wire);
        let what = "the device's greeting";
        let request = Request {
            what,
            kind: Kind::Hello,
            reply: Kind::Identity,
            body: &[],
        };
        let greeting = Persistence {
            attempts: u32::MAX,
            reply: patience.greeting_reply,
            settle: patience.settle,
            reopen: patience.reopen,
            deadline: Some(Instant::now() + patience.greeting),
        };
        let answer = line.ask(request, greeting)?;
        let device = Identity::parse(&answer.body)
            .map(Device::from)
            .ok_or_else(|| malformed(what, "not an identity"))?;
        if device.output.len_bytes > LARGEST_OUTPUT {
            let why = format!("an output of {} bytes", device.output.len_bytes);
            return Err(malformed(what, &why));
        }
        line.expect_body(device.output.len_bytes as usize);
        line.expect_identity(answer.body);
        Ok(Self {
            line,
            device,
            patience,
            in_parts: 0,
        })
    }

    /// The device, as it presented itself.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// What went over the wire so far.
    pub fn counts(&self) -> Counts {
        self.line.counts()
    }

    /// Makes sure that the device runs this very network. Of a long name as much is compared
    /// as a device sends.
    ///
    /// # Errors
    /// [`LinkError::OtherNetwork`] when it does not.
    pub fn expect(&self, network: &str, hash: [u8; 8]) -> Result<(), LinkError> {
        if self.device.network == at_most_255(network) && self.device.hash == hash {
            return Ok(());
        }
        Err(LinkError::OtherNetwork {
            expected: network.to_owned(),
            expected_hash: hash,
            found: self.device.network.clone(),
            found_hash: self.device.hash,
        })
    }

    /// Has the device compute one image, to which nothing more is sent meanwhile. `input` is the
    /// network's input as it travels: little-endian elements.
    ///
    /// # Errors
    /// An input of another length than the device's network takes; a wire that is silent,
    /// closed or too bad.
    pub fn run(&mut self, index: u32, input: &[u8]) -> Result<Outcome, LinkError> {
        let mut images = RunAll::new(self, 1, index, std::iter::once(input));
        // One image has one outcome.
        images
            .next()
            .unwrap_or_else(|| Err(malformed(&image(index), "there is none")))
    }

    /// Has the device compute one image after the other, and sends the next ones while it
    /// computes, as many as it takes. The images' indices count from 0. Gives the outcomes in
    /// order, and nothing more after an error.
    ///
    /// On a line that lets no whole image through they go in parts, if the device takes them so;
    /// to a device that takes them a row at a time always.
    pub fn run_all<'a, I: Iterator<Item = &'a [u8]>>(&mut self, inputs: I) -> RunAll<'_, W, I> {
        let window = self.window();
        RunAll::new(self, window, 0, inputs)
    }

    /// How many requests may be on their way.
    pub(super) fn window(&self) -> usize {
        usize::from(self.device.window).max(1)
    }

    /// What the device counted since it started.
    ///
    /// # Errors
    /// As [`Client::run`]; [`LinkError::Refused`] from a device that does not count, see
    /// [`Capabilities::STATISTICS`](crate::Capabilities::STATISTICS).
    pub fn statistics(&mut self) -> Result<Statistics, LinkError> {
        let what = "the device's statistics";
        let request = Request {
            what,
            kind: Kind::Statistics,
            reply: Kind::Counted,
            body: &[],
        };
        let answer = self.line.ask(request, self.persistence())?;
        Statistics::parse(&answer.body).ok_or_else(|| malformed(what, "it is too short"))
    }

    /// The wire, once the conversation is over.
    pub fn into_wire(self) -> W {
        self.line.into_wire()
    }

    pub(super) fn persistence(&self) -> Persistence {
        Persistence {
            attempts: self.patience.attempts.max(1),
            reply: self.patience.reply,
            settle: self.patience.settle,
            reopen: self.patience.reopen,
            deadline: None,
        }
    }
}

pub(super) fn malformed(what: &str, why: &str) -> LinkError {
    LinkError::Malformed {
        what: what.to_owned(),
        why: why.to_owned(),
    }
}
