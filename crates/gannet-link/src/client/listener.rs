//! The host's ear: bytes of a wire in, frames out, with a limit on the time.

use std::io;
use std::time::{Duration, Instant};

use super::wire::Wire;
use crate::protocol::{HEAD_LEN, Header, Received, Receiver};

/// The room for a body before the device has told how long its outputs are.
const FIRST_PAYLOAD_BYTES: usize = 4096;

/// How many of the first bytes heard are kept to show.
const SAMPLE_BYTES: usize = 24;

/// Something that stood between two zeros.
pub(super) enum Heard {
    Frame { header: Header, body: Vec<u8> },
    Damaged,
}

/// How long to listen.
#[derive(Clone, Copy)]
pub(super) struct Until {
    /// Not beyond this.
    pub deadline: Instant,
    /// Not longer than this without a byte.
    pub quiet: Option<Duration>,
}

pub(super) struct Listener {
    receiver: Receiver,
    payload: Vec<u8>,
    chunk: Vec<u8>,
    /// The part of `chunk` that holds bytes not yet looked at.
    unread: std::ops::Range<usize>,
    pub bytes: u64,
    sample: Vec<u8>,
}

impl Listener {
    pub fn new() -> Self {
        Self {
            receiver: Receiver::new(),
            payload: vec![0; FIRST_PAYLOAD_BYTES],
            chunk: vec![0; 4096],
            unread: 0..0,
            bytes: 0,
            sample: Vec::new(),
        }
    }

    /// Makes room for bodies of `len_bytes`.
    pub fn make_room(&mut self, len_bytes: usize) {
        self.payload.resize(len_bytes.max(self.payload.len()), 0);
    }

    /// Forgets what was heard in part, on a line that was closed meanwhile.
    pub fn start_anew(&mut self) {
        self.receiver = Receiver::new();
        self.unread = 0..0;
    }

    /// The first bytes heard on this wire, those that do not print escaped.
    pub fn sample(&self) -> String {
        self.sample.escape_ascii().to_string()
    }

    /// Whether what was heard first is text, as firmware prints that is made for people.
    pub fn is_text(&self) -> bool {
        let is_printed = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        self.sample.len() >= 4 && self.sample.iter().all(is_printed)
    }

    /// The next thing heard, or `None` when the time is over.
    pub fn next(&mut self, wire: &mut impl Wire, until: Until) -> io::Result<Option<Heard>> {
        loop {
            for at in self.unread.by_ref() {
                if let Some(received) = self.receiver.push(self.chunk[at], &mut self.payload) {
                    return Ok(Some(self.heard(received)));
                }
            }
            let left = until.deadline.saturating_duration_since(Instant::now());
            let timeout = until.quiet.map_or(left, |quiet| quiet.min(left));
            if timeout.is_zero() {
                return Ok(None);
            }
            let len = wire.receive(&mut self.chunk, timeout)?;
            if len == 0 {
                return Ok(None);
            }
            self.unread = 0..len;
            self.bytes += len as u64;
            let room = SAMPLE_BYTES.saturating_sub(self.sample.len());
            self.sample.extend(self.chunk[..len].iter().take(room));
        }
    }

    fn heard(&self, received: Received) -> Heard {
        let Received::Frame {
            header,
            head,
            body_len,
        } = received
        else {
            return Heard::Damaged;
        };
        let head = &head[..body_len.min(HEAD_LEN)];
        match self.payload.get(..body_len - head.len()) {
            Some(payload) => Heard::Frame {
                header,
                body: [head, payload].concat(),
            },
            None => Heard::Damaged,
        }
    }
}
