//! One question and its answer, over a wire that may damage or lose either.
//!
//! One request is in flight. It is sent again after silence, and after a damaged frame or the
//! device's complaint of one; then only when the line has been quiet for a moment, so that one
//! fault cannot set off a chain of repetitions. A reply is known by its request's tag: one that
//! comes twice is used once.

use std::time::{Duration, Instant};

use super::error::LinkError;
use super::listener::{Heard, Listener, Until};
use super::wire::Wire;
use crate::protocol::{Header, Kind, Reason, Refusal, VERSION, write_frame};

/// Ample for what stands before the output in a reply's body.
const HEADS_LEN: usize = 64;

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

#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    /// What is asked for, in words.
    pub what: &'a str,
    pub kind: Kind,
    pub reply: Kind,
    pub body: &'a [&'a [u8]],
}

/// How hard to try for one answer.
#[derive(Clone, Copy)]
pub(super) struct Persistence {
    pub attempts: u32,
    pub reply: Duration,
    pub settle: Duration,
    /// No attempt begins after this.
    pub deadline: Option<Instant>,
}

pub(super) struct Answer {
    pub body: Vec<u8>,
    pub seconds: f64,
    pub resent: u32,
}

/// The wire with what is needed to ask one question after another.
pub(super) struct Line<W> {
    wire: W,
    listener: Listener,
    tag: u16,
    /// Whether there was an intact frame among what was heard, ever.
    heard_frames: bool,
    counts: Counts,
}

impl<W: Wire> Line<W> {
    pub fn new(wire: W) -> Self {
        Self {
            wire,
            listener: Listener::new(),
            tag: 0,
            heard_frames: false,
            counts: Counts::default(),
        }
    }

    pub fn counts(&self) -> Counts {
        Counts {
            bytes_received: self.listener.bytes,
            ..self.counts
        }
    }

    /// Makes room for replies with an output of this length.
    pub fn expect_output(&mut self, len_bytes: usize) {
        self.listener.make_room(len_bytes + HEADS_LEN);
    }

    pub fn into_wire(self) -> W {
        self.wire
    }

    pub fn ask(
        &mut self,
        request: Request<'_>,
        persistence: Persistence,
    ) -> Result<Answer, LinkError> {
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
