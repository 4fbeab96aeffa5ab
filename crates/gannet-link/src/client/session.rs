//! A conversation with one device: requests, retries, and what they cost.
//!
//! One request is in flight. It is sent again after silence, and after a damaged frame or the
//! device's complaint of one; then only when the line has been quiet for a moment, so that what
//! is still under way cannot be taken for an answer to what comes next. A reply is known by its
//! request's tag: one that comes twice is used once.

use std::time::{Duration, Instant};

use super::device::Device;
use super::error::LinkError;
use super::listener::{Heard, Listener, Until};
use super::wire::Wire;
use crate::protocol::{
    Header, Identity, Kind, OutputHead, Reason, Refusal, Statistics, VERSION, write_frame,
};

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
            attempts: 20,
        }
    }
}

/// What went over the wire since the connection was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes sent to the device.
    pub bytes_sent: u64,
    /// Bytes received from it.
    pub bytes_received: u64,
    /// Frames that reached the host damaged.
    pub damaged_here: u64,
    /// Frames that reached the device damaged, by its complaints.
    pub damaged_there: u64,
    /// Requests that were sent again.
    pub resent: u64,
    /// Intact frames that answered nothing that was still open.
    pub ignored: u64,
}

/// One image, computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The output's elements, little-endian.
    pub output: Vec<u8>,
    /// How long the network ran, in the device's ticks.
    pub ticks: u64,
    /// From the request being first sent to its answer having arrived.
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
    line: Line<W>,
    device: Device,
    patience: Patience,
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
            deadline: Some(Instant::now() + patience.greeting),
        };
        let answer = line.ask(request, greeting)?;
        let device = Identity::parse(&answer.body)
            .map(Device::from)
            .ok_or_else(|| malformed(what, "not an identity"))?;
        line.listener
            .make_room(device.output.len_bytes as usize + 64);
        Ok(Self {
            line,
            device,
            patience,
        })
    }

    /// The device, as it presented itself.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// What went over the wire so far.
    pub fn counts(&self) -> Counts {
        Counts {
            bytes_received: self.line.listener.bytes,
            ..self.line.counts
        }
    }

    /// Makes sure that the device runs this very network.
    ///
    /// # Errors
    /// [`LinkError::OtherNetwork`] when it does not.
    pub fn expect(&self, network: &str, hash: [u8; 8]) -> Result<(), LinkError> {
        if self.device.network == network && self.device.hash == hash {
            return Ok(());
        }
        Err(LinkError::OtherNetwork {
            expected: network.to_owned(),
            expected_hash: hash,
            found: self.device.network.clone(),
            found_hash: self.device.hash,
        })
    }

    /// Has the device compute one image. `input` is the network's input as it travels:
    /// little-endian elements.
    ///
    /// # Errors
    /// An input of another length than the device's network takes; a wire that is silent,
    /// closed or too bad.
    pub fn run(&mut self, index: u32, input: &[u8]) -> Result<Outcome, LinkError> {
        let what = format!("image {index}");
        let expected = u64::from(self.device.input.len_bytes);
        if input.len() as u64 != expected {
            return Err(LinkError::InputLength {
                what,
                expected,
                got: input.len() as u64,
            });
        }
        let body: &[&[u8]] = &[&index.to_le_bytes(), input];
        let request = Request {
            what: &what,
            kind: Kind::Run,
            reply: Kind::Output,
            body,
        };
        let answer = self.line.ask(request, self.persistence())?;
        let (head, output) = OutputHead::parse(&answer.body)
            .ok_or_else(|| malformed(&what, "it is too short for an output"))?;
        if head.index != index {
            return Err(malformed(&what, &format!("it is for image {}", head.index)));
        }
        if output.len() != self.device.output.len_bytes as usize {
            let (expected, got) = (self.device.output.len_bytes, output.len());
            return Err(malformed(
                &what,
                &format!("{got} bytes of output, not {expected}"),
            ));
        }
        Ok(Outcome {
            output: output.to_vec(),
            ticks: head.ticks,
            seconds: answer.seconds,
            seconds_inference: self.device.seconds(head.ticks),
            resent: answer.resent,
        })
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
        self.line.wire
    }

    fn persistence(&self) -> Persistence {
        Persistence {
            attempts: self.patience.attempts.max(1),
            reply: self.patience.reply,
            settle: self.patience.settle,
            deadline: None,
        }
    }
}

fn malformed(what: &str, why: &str) -> LinkError {
    LinkError::Malformed {
        what: what.to_owned(),
        why: why.to_owned(),
    }
}

#[derive(Clone, Copy)]
struct Request<'a> {
    /// What is asked for, in words.
    what: &'a str,
    kind: Kind,
    reply: Kind,
    body: &'a [&'a [u8]],
}

/// How hard to try for one answer.
#[derive(Clone, Copy)]
struct Persistence {
    attempts: u32,
    reply: Duration,
    settle: Duration,
    /// No attempt begins after this.
    deadline: Option<Instant>,
}

struct Answer {
    body: Vec<u8>,
    seconds: f64,
    resent: u32,
}

/// The wire with what is needed to ask one question after another.
struct Line<W> {
    wire: W,
    listener: Listener,
    tag: u16,
    /// Whether there was an intact frame among what was heard, ever.
    heard_frames: bool,
    counts: Counts,
}

impl<W: Wire> Line<W> {
    fn new(wire: W) -> Self {
        Self {
            wire,
            listener: Listener::new(),
            tag: 0,
            heard_frames: false,
            counts: Counts::default(),
        }
    }

    fn ask(&mut self, request: Request<'_>, persistence: Persistence) -> Result<Answer, LinkError> {
        // Tag 0 is the one of complaints about damaged frames.
        self.tag = self.tag.checked_add(1).unwrap_or(1);
        let header = Header {
            version: VERSION,
            kind: request.kind.to_wire(),
            tag: self.tag,
        };
        let mut frame = Vec::new();
        write_frame(header, request.body, |byte| frame.push(byte));

        let start = Instant::now();
        let (before, heard_before) = (self.counts, self.listener.bytes);
        let mut attempts = 0;
        while attempts < persistence.attempts
            && persistence
                .deadline
                .is_none_or(|deadline| Instant::now() < deadline)
        {
            self.wire
                .send(&frame)
                .map_err(|error| lost(request.what, error))?;
            self.counts.bytes_sent += frame.len() as u64;
            self.counts.resent += u64::from(attempts > 0);
            attempts += 1;
            if let Some(body) = self.listen(request, persistence)? {
                let seconds = start.elapsed().as_secs_f64();
                return Ok(Answer {
                    body,
                    seconds,
                    resent: attempts - 1,
                });
            }
        }

        let what = request.what.to_owned();
        let bytes = self.listener.bytes - heard_before;
        let damaged_here = self.counts.damaged_here - before.damaged_here;
        let damaged_there = self.counts.damaged_there - before.damaged_there;
        Err(if bytes == 0 {
            let sent = self.counts.bytes_sent - before.bytes_sent;
            LinkError::Silence {
                what,
                attempts,
                sent,
                waited: start.elapsed(),
            }
        } else if !self.heard_frames {
            LinkError::Noise {
                what,
                bytes,
                sample: self.listener.sample(),
            }
        } else {
            LinkError::Unreliable {
                what,
                attempts,
                damaged_there,
                damaged_here,
            }
        })
    }

    /// Listens for the answer to the request that was just sent; `None` when it has to be sent
    /// again.
    fn listen(
        &mut self,
        request: Request<'_>,
        persistence: Persistence,
    ) -> Result<Option<Vec<u8>>, LinkError> {
        let mut until = Until {
            deadline: Instant::now() + persistence.reply,
            quiet: None,
        };
        loop {
            let heard = self.listener.next(&mut self.wire, until);
            let (header, body) = match heard.map_err(|error| lost(request.what, error))? {
                None => return Ok(None),
                Some(Heard::Damaged) => {
                    self.counts.damaged_here += 1;
                    until.quiet = Some(persistence.settle);
                    continue;
                }
                Some(Heard::Frame { header, body }) => (header, body),
            };
            self.heard_frames = true;
            if header.version != VERSION {
                return Err(LinkError::OtherVersion {
                    device: header.version,
                    host: VERSION,
                });
            }
            let ours = header.tag == self.tag;
            match Kind::from_wire(header.kind) {
                Some(kind) if ours && kind == request.reply => return Ok(Some(body)),
                Some(kind) if ours && kind == request.kind => {
                    return Err(LinkError::Echo {
                        what: request.what.to_owned(),
                    });
                }
                Some(Kind::Refused) => match Refusal::parse(&body) {
                    Some(Refusal {
                        reason: Reason::Damaged,
                        ..
                    }) => {
                        self.counts.damaged_there += 1;
                        until.quiet = Some(persistence.settle);
                    }
                    refusal if ours => return Err(refused(request.what, refusal)),
                    _ => self.counts.ignored += 1,
                },
                _ => self.counts.ignored += 1,
            }
        }
    }
}

fn lost(what: &str, source: std::io::Error) -> LinkError {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    let what = what.to_owned();
    match source.kind() {
        UnexpectedEof | BrokenPipe | ConnectionReset => LinkError::Closed { what },
        _ => LinkError::Wire { what, source },
    }
}

fn refused(what: &str, refusal: Option<Refusal>) -> LinkError {
    let why = match refusal {
        Some(Refusal {
            reason: Reason::Version,
            expected,
            ..
        }) => {
            let device = u8::try_from(expected).unwrap_or(u8::MAX);
            return LinkError::OtherVersion {
                device,
                host: VERSION,
            };
        }
        Some(Refusal {
            reason: Reason::Kind,
            ..
        }) => "it does not know this kind of request; newer firmware may".to_owned(),
        Some(Refusal {
            reason: Reason::Length,
            expected,
            got,
            ..
        }) => {
            format!("it expected {expected} bytes, and {got} came")
        }
        Some(Refusal {
            reason: Reason::Damaged,
            ..
        })
        | None => "for a reason that this program does not know".to_owned(),
    };
    LinkError::Refused {
        what: what.to_owned(),
        why,
    }
}
