//! Images to the device and outputs back: several on their way at a time, whole as long as the
//! line lets whole ones through, and in parts when it does not or when the device holds no whole
//! ones.

use std::collections::VecDeque;

use super::error::LinkError;
use super::exchange::{Answer, Persistence, Request};
use super::session::{Client, Outcome, malformed};
use super::wire::Wire;
use crate::protocol::{Capabilities, Crc32, Kind, OutputHead};

/// How often an image is sent whole before it is sent in parts.
const WHOLE_ATTEMPTS: u32 = 4;

/// How many images go in parts before a whole one is tried again.
const IMAGES_IN_PARTS: u32 = 16;

/// The outcomes of many images, in order; see [`Client::run_all`].
pub struct RunAll<'c, W, I: Iterator> {
    client: &'c mut Client<W>,
    inputs: I,
    /// How many requests may be on their way.
    window: usize,
    /// Images that were sent whole and have no outcome yet.
    posted: VecDeque<I::Item>,
    /// Images that were sent whole in vain, and go before other inputs.
    returned: VecDeque<I::Item>,
    /// The index of the first image without an outcome.
    index: u32,
    has_failed: bool,
}

impl<'a, W: Wire, I: Iterator<Item = &'a [u8]>> Iterator for RunAll<'_, W, I> {
    type Item = Result<Outcome, LinkError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let outcome = self.step().transpose()?;
        self.has_failed = outcome.is_err();
        self.index = self.index.wrapping_add(1);
        Some(outcome)
    }
}

impl<'c, 'a, W: Wire, I: Iterator<Item = &'a [u8]>> RunAll<'c, W, I> {
    /// `first` is the index of the first image.
    pub(super) fn new(client: &'c mut Client<W>, window: usize, first: u32, inputs: I) -> Self {
        client.line.forget();
        Self {
            client,
            inputs,
            window,
            posted: VecDeque::new(),
            returned: VecDeque::new(),
            index: first,
            has_failed: false,
        }
    }

    /// The next outcome, if there is another image.
    fn step(&mut self) -> Result<Option<Outcome>, LinkError> {
        let capabilities = self.client.device.capabilities;
        if self.client.in_parts == 0 && !capabilities.contains(Capabilities::ROWS) {
            self.post()?;
        }
        let Some(input) = self.posted.pop_front() else {
            return match self.next_input() {
                Some(input) => self.run_in_parts(input).map(Some),
                None => Ok(None),
            };
        };
        let takes_parts = capabilities.contains(Capabilities::PARTS);
        let persistence = self.client.persistence();
        let attempts = match takes_parts {
            true => persistence.attempts.min(WHOLE_ATTEMPTS),
            false => persistence.attempts,
        };
        let whole = self.client.line.wait(Persistence {
            attempts,
            ..persistence
        });
        match whole {
            Some(Err(LinkError::Unreliable { .. } | LinkError::Silence { .. })) if takes_parts => {
                self.client.in_parts = IMAGES_IN_PARTS;
                self.returned.append(&mut self.posted);
                self.run_in_parts(input).map(Some)
            }
            Some(answer) => self.client.outcome(self.index, answer?).map(Some),
            None => Ok(None),
        }
    }

    /// Sends images until as many are on their way as the device takes.
    fn post(&mut self) -> Result<(), LinkError> {
        while self.posted.len() < self.window {
            let Some(input) = self.next_input() else {
                break;
            };
            let index = self.index.wrapping_add(self.posted.len() as u32);
            let what = self.client.fitting(index, input)?;
            self.client.line.post(Request {
                what: &what,
                kind: Kind::Run,
                reply: Kind::Output,
                body: &[&index.to_le_bytes(), input],
            })?;
            self.posted.push_back(input);
        }
        Ok(())
    }

    fn next_input(&mut self) -> Option<I::Item> {
        self.returned.pop_front().or_else(|| self.inputs.next())
    }

    /// Sends an image in parts, and has it computed.
    fn run_in_parts(&mut self, input: I::Item) -> Result<Outcome, LinkError> {
        let what = self.client.fitting(self.index, input)?;
        self.client.in_parts = self.client.in_parts.saturating_sub(1);
        let crc = Crc32::of(input).to_le_bytes();
        let request = Request {
            what: &what,
            kind: Kind::RunParts,
            reply: Kind::PartsOutput,
            body: &[&self.index.to_le_bytes(), &crc],
        };
        let answer = self.client.ask_of_parts(input, request, self.window)?;
        self.client.outcome(self.index, answer)
    }
}

impl<W: Wire> Client<W> {
    fn outcome(&self, index: u32, answer: Answer) -> Result<Outcome, LinkError> {
        let what = image(index);
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

    /// What the input of image `index` is called, if its length is right.
    pub(super) fn fitting(&self, index: u32, input: &[u8]) -> Result<String, LinkError> {
        let what = image(index);
        let expected = u64::from(self.device.input.len_bytes);
        let got = input.len() as u64;
        if got == expected {
            return Ok(what);
        }
        Err(LinkError::InputLength {
            what,
            expected,
            got,
        })
    }
}

pub(super) fn image(index: u32) -> String {
    format!("image {index}")
}
