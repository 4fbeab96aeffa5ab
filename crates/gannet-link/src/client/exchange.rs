//! Questions and their answers, over a wire that may damage or lose either.
//!
//! Several requests may be on their way, as many as the device takes; they are answered for in
//! the order in which they were posted. After silence, and after a damaged frame or the device's
//! complaint of one, the oldest is sent again, alone, and those behind it in their turn. After
//! damage that happens only when the line has been quiet for a moment, so that one fault cannot
//! set off a chain of repetitions. A reply is known by its request's tag: one that comes twice is
//! used once.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::mem;
use std::thread;
use std::time::{Duration, Instant};

use super::counts::Counts;
use super::error::LinkError;
use super::listener::{Heard, Listener, Until};
use super::wire::Wire;
use crate::protocol::{Header, Identity, Kind, Reason, Refusal, VERSION, write_frame};

/// Ample for what stands before the output in a reply's body.
const HEADS_LEN: usize = 64;

/// How long to wait before a line that was closed is tried again.
const REOPEN_PAUSE: Duration = Duration::from_millis(100);

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
    /// How long a line that was closed may take to come back.
    pub reopen: Duration,
    /// No attempt begins after this.
    pub deadline: Option<Instant>,
}

pub(super) struct Answer {
    pub body: Vec<u8>,
    pub seconds: f64,
    pub resent: u32,
}

/// A request that is not answered for yet.
struct Pending {
    what: String,
    kind: Kind,
    reply: Kind,
    tag: u16,
    frame: Vec<u8>,
    posted: Instant,
    attempts: u32,
    /// Whether an answer to it may still come without sending it again.
    on_its_way: bool,
    answer: Option<Vec<u8>>,
}

/// What listening led to.
enum Turn {
    /// The oldest request is answered.
    Answered(Vec<u8>),
    /// It has to be sent again.
    Again,
}

/// The wire with what is needed to ask one question after another.
pub(super) struct Line<W> {
    wire: W,
    listener: Listener,
    tag: u16,
    in_flight: VecDeque<Pending>,
    /// The identity that was answered first, as it travelled.
    identity: Option<Vec<u8>>,
    /// Whether there was an intact frame among what was heard, ever.
    heard_frames: bool,
    /// How long answers took of late that came at the first attempt, the slow ones above all.
    pace: Duration,
    counts: Counts,
}

impl<W: Wire> Line<W> {
    pub fn new(wire: W) -> Self {
        Self {
            wire,
            listener: Listener::new(),
            tag: 0,
            in_flight: VecDeque::new(),
            identity: None,
            heard_frames: false,
            pace: Duration::ZERO,
            counts: Counts::default(),
        }
    }

    pub fn counts(&self) -> Counts {
        Counts {
            bytes_received: self.listener.bytes,
            ..self.counts
        }
    }

    /// Makes room for replies with this many bytes behind their heads, such as an output.
    pub fn expect_body(&mut self, len_bytes: usize) {
        self.listener.make_room(len_bytes + HEADS_LEN);
    }

    /// From now on the device has to remain the one with this identity.
    pub fn expect_identity(&mut self, body: Vec<u8>) {
        self.identity = Some(body);
    }

    pub fn into_wire(self) -> W {
        self.wire
    }

    /// Gives up what is on its way; answers that still come are ignored.
    pub fn forget(&mut self) {
        self.in_flight.clear();
    }

    /// Sends a request and waits for its answer.
    pub fn ask(
        &mut self,
        request: Request<'_>,
        persistence: Persistence,
    ) -> Result<Answer, LinkError> {
        let pending = self.pending(request);
        self.carry_out(pending, persistence)
    }

    /// Sends a request whose answer is waited for later, and before it those that have to be sent
    /// again: all arrive in the order in which they were posted.
    pub fn post(&mut self, request: Request<'_>) -> Result<(), LinkError> {
        let mut in_flight = mem::take(&mut self.in_flight);
        in_flight.push_back(self.pending(request));
        let waiting = (in_flight.iter_mut())
            .filter(|pending| !pending.on_its_way && pending.answer.is_none());
        let mut sent = Ok(());
        for pending in waiting {
            sent = sent.and_then(|()| self.transmit(pending));
        }
        self.in_flight = in_flight;
        match sent {
            // Waiting for it opens the line again, if it can be.
            Err(LinkError::Closed { .. }) => Ok(()),
            sent => sent,
        }
    }

    /// Waits for the answer to the oldest request that was posted, if there is one.
    pub fn wait(&mut self, persistence: Persistence) -> Option<Result<Answer, LinkError>> {
        let oldest = self.in_flight.pop_front()?;
        Some(self.carry_out(oldest, persistence))
    }

    fn pending(&mut self, request: Request<'_>) -> Pending {
        // Tag 0 is the one of what a device says unasked.
        self.tag = self.tag.checked_add(1).unwrap_or(1);
        let header = Header {
            version: VERSION,
            kind: request.kind.to_wire(),
            tag: self.tag,
        };
        let mut frame = Vec::new();
        write_frame(header, request.body, |byte| frame.push(byte));
        Pending {
            what: request.what.to_owned(),
            kind: request.kind,
            reply: request.reply,
            tag: self.tag,
            frame,
            posted: Instant::now(),
            attempts: 0,
            on_its_way: false,
            answer: None,
        }
    }

    fn transmit(&mut self, pending: &mut Pending) -> Result<(), LinkError> {
        self.counts.resent += u64::from(pending.attempts > 0);
        pending.attempts += 1;
        let sent = self.wire.send(&pending.frame);
        sent.map_err(|error| LinkError::lost(&pending.what, error))?;
        self.counts.bytes_sent += pending.frame.len() as u64;
        pending.on_its_way = true;
        Ok(())
    }

    fn carry_out(
        &mut self,
        mut pending: Pending,
        persistence: Persistence,
    ) -> Result<Answer, LinkError> {
        loop {
            match self.persist(&mut pending, persistence) {
                Err(LinkError::Closed { what }) => self.reopen(what, persistence)?,
                result => return result,
            }
        }
    }

    /// Sends the request until it is answered, as often as there is patience for.
    fn persist(
        &mut self,
        pending: &mut Pending,
        persistence: Persistence,
    ) -> Result<Answer, LinkError> {
        let start = Instant::now();
        let (before, heard_before) = (self.counts, self.listener.bytes);
        let is_patient = |pending: &Pending| {
            let is_late = persistence
                .deadline
                .map(|deadline| Instant::now() >= deadline);
            pending.attempts < persistence.attempts && is_late != Some(true)
        };
        while pending.on_its_way || pending.answer.is_some() || is_patient(pending) {
            let turn = self.attempt(pending, persistence);
            if let Ok(Turn::Answered(body)) = turn {
                if pending.attempts == 1 {
                    self.pace = pending.posted.elapsed().max(self.pace * 7 / 8);
                }
                return Ok(Answer {
                    body,
                    seconds: pending.posted.elapsed().as_secs_f64(),
                    resent: pending.attempts.saturating_sub(1),
                });
            }
            pending.on_its_way = false;
            for other in &mut self.in_flight {
                other.on_its_way = false;
            }
            turn?;
        }

        let (what, attempts) = (pending.what.clone(), pending.attempts);
        let bytes = self.listener.bytes - heard_before;
        let damaged_here = self.counts.damaged_here - before.damaged_here;
        let damaged_there = self.counts.damaged_there - before.damaged_there;
        let resets = self.counts.resets - before.resets;
        Err(if bytes == 0 {
            LinkError::Silence {
                what,
                attempts,
                sent: pending.frame.len() as u64 * u64::from(attempts),
                waited: start.elapsed(),
            }
        } else if !self.heard_frames && self.listener.is_text() {
            LinkError::OtherFirmware {
                what,
                sample: self.listener.sample(),
            }
        } else if !self.heard_frames {
            LinkError::Noise {
                what,
                bytes,
                sample: self.listener.sample(),
            }
        } else if 2 * resets > u64::from(attempts) {
            LinkError::Resets {
                what,
                attempts,
                resets,
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

    /// Sends the oldest request, unless it is on its way, and listens for its answer.
    fn attempt(
        &mut self,
        oldest: &mut Pending,
        persistence: Persistence,
    ) -> Result<Turn, LinkError> {
        if let Some(body) = oldest.answer.take() {
            return Ok(Turn::Answered(body));
        }
        if !oldest.on_its_way {
            self.transmit(oldest)?;
        }
        // A device that computes is quiet too: only what lasts longer means that nothing comes.
        let settle = persistence.settle.max(2 * self.pace).min(persistence.reply);
        let mut until = Until {
            deadline: Instant::now() + persistence.reply,
            quiet: None,
        };
        loop {
            let heard = self.listener.next(&mut self.wire, until);
            let heard = heard.map_err(|error| LinkError::lost(&oldest.what, error))?;
            let (header, body) = match heard {
                None => return Ok(Turn::Again),
                Some(Heard::Damaged) => {
                    self.counts.damaged_here += 1;
                    until.quiet = Some(settle);
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
            let kind = Kind::from_wire(header.kind);
            if header.tag == oldest.tag {
                match kind {
                    Some(kind) if kind == oldest.reply => return Ok(Turn::Answered(body)),
                    Some(kind) if kind == oldest.kind => {
                        let what = oldest.what.clone();
                        return Err(LinkError::Echo { what });
                    }
                    Some(Kind::Refused) => {
                        return Err(LinkError::refused(&oldest.what, Refusal::parse(&body)));
                    }
                    _ => self.counts.ignored += 1,
                }
                continue;
            }
            match kind {
                Some(Kind::Refused) if is_complaint(&body) => {
                    self.counts.damaged_there += 1;
                    until.quiet = Some(settle);
                }
                Some(Kind::Identity) if header.tag == 0 => {
                    // Before the greeting's answer it is only one that has become ready.
                    if self.identity.is_some() {
                        self.counts.resets += 1;
                        self.check_identity(&body)?;
                    }
                    return Ok(Turn::Again);
                }
                // A device answers in order: the oldest request or its answer was lost.
                _ if self.keep(header.tag, kind, body) => until.quiet = Some(settle),
                _ => self.counts.ignored += 1,
            }
        }
    }

    /// Keeps an answer to a request that is not the oldest, and tells whether it is one. A refusal
    /// is none to keep: what was refused behind a gap is right once the gap is closed.
    fn keep(&mut self, tag: u16, kind: Option<Kind>, body: Vec<u8>) -> bool {
        let asked = (self.in_flight.iter_mut()).find(|pending| pending.tag == tag);
        match asked {
            Some(pending) if kind == Some(pending.reply) && pending.answer.is_none() => {
                pending.answer = Some(body);
                true
            }
            Some(_) if kind == Some(Kind::Refused) => true,
            _ => false,
        }
    }

    /// Opens a line that was closed, and makes sure that the same device is at its other end.
    fn reopen(&mut self, what: String, persistence: Persistence) -> Result<(), LinkError> {
        let deadline = Instant::now() + persistence.reopen;
        loop {
            match self.wire.reopen() {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Unsupported => {
                    return Err(LinkError::Closed { what });
                }
                Err(_) if Instant::now() >= deadline => return Err(LinkError::Closed { what }),
                Err(_) => {
                    thread::sleep(REOPEN_PAUSE);
                    continue;
                }
            }
            self.counts.reopened += 1;
            self.listener.start_anew();
            if self.identity.is_none() {
                return Ok(());
            }
            let mut hello = self.pending(Request {
                what: "the device's greeting after the line was opened again",
                kind: Kind::Hello,
                reply: Kind::Identity,
                body: &[],
            });
            match self.persist(&mut hello, persistence) {
                Err(LinkError::Closed { .. }) if Instant::now() < deadline => {}
                answer => return self.check_identity(&answer?.body),
            }
        }
    }

    fn check_identity(&self, body: &[u8]) -> Result<(), LinkError> {
        let was = self.identity.as_deref().unwrap_or_default();
        if was == body {
            return Ok(());
        }
        Err(LinkError::OtherDevice {
            was: in_words(was),
            now: in_words(body),
        })
    }
}

fn is_complaint(body: &[u8]) -> bool {
    Refusal::parse(body).is_some_and(|refusal| refusal.reason == Reason::Damaged)
}

fn in_words(identity: &[u8]) -> String {
    match Identity::parse(identity) {
        Some(identity) => {
            let hash: String = (identity.hash.iter())
                .map(|byte| format!("{byte:02x}"))
                .collect();
            format!("{} ({hash}) on {}", identity.network, identity.board)
        }
        None => "one that does not say what it is".to_owned(),
    }
}
