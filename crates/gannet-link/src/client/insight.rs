//! Looking into a device: its working memory behind any stage, the time of every stage, and the
//! self-test that its network carries.

use std::ops::Range;

use super::error::LinkError;
use super::exchange::Request;
use super::session::{Client, malformed};
use super::wire::Wire;
use crate::protocol::{Capabilities, Crc32, Kind, MemoryHead};

/// A network's working memory, part of the way through an inference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryBehind {
    /// The CRC-32 of all of it.
    pub crc: u32,
    /// The length of all of it.
    pub len_bytes: u32,
    /// The stretch that was asked for, as far as there is memory.
    pub bytes: Vec<u8>,
}

impl<W: Wire> Client<W> {
    /// Whether the device can be looked into at all.
    pub fn has_insight(&self) -> bool {
        self.device.capabilities.contains(Capabilities::INSIGHT)
    }

    /// The device's working memory once the network's stages have run `runs` times on `input`:
    /// what stands in `stretch`, counted in bytes. All but the input was zero at first.
    ///
    /// # Errors
    /// As [`Client::run`]; [`LinkError::Refused`] from a device that cannot be looked into.
    pub fn memory_behind(
        &mut self,
        input: &[u8],
        runs: u32,
        stretch: Range<u32>,
    ) -> Result<MemoryBehind, LinkError> {
        let what = "the network's memory";
        self.fitting(0, input)?;
        let len = stretch.end.saturating_sub(stretch.start);
        self.line.expect_body(len as usize);
        let request = Request {
            what,
            kind: Kind::RunUntil,
            reply: Kind::MemoryBehind,
            body: &[
                &runs.to_le_bytes(),
                &Crc32::of(input).to_le_bytes(),
                &stretch.start.to_le_bytes(),
                &len.to_le_bytes(),
            ],
        };
        let answer = self.ask_of_parts(input, request, self.window())?;
        let (head, bytes) =
            MemoryHead::parse(&answer.body).ok_or_else(|| malformed(what, "it is too short"))?;
        Ok(MemoryBehind {
            crc: head.crc,
            len_bytes: head.len_bytes,
            bytes: bytes.to_vec(),
        })
    }

    /// The ticks that each stage of the network takes for `input`, in the order of their numbers.
    ///
    /// # Errors
    /// As [`Client::memory_behind`].
    pub fn time_stages(&mut self, input: &[u8]) -> Result<Vec<u32>, LinkError> {
        self.fitting(0, input)?;
        let request = Request {
            what: "the times of the stages",
            kind: Kind::TimeStages,
            reply: Kind::StageTicks,
            body: &[&Crc32::of(input).to_le_bytes()],
        };
        let answer = self.ask_of_parts(input, request, self.window())?;
        let ticks = answer.body.as_chunks().0.iter();
        Ok(ticks.map(|ticks| u32::from_le_bytes(*ticks)).collect())
    }

    /// Whether the network on the device still gives what it gave where it was generated.
    ///
    /// # Errors
    /// As [`Client::memory_behind`].
    pub fn self_test(&mut self) -> Result<bool, LinkError> {
        let what = "the self-test";
        let request = Request {
            what,
            kind: Kind::SelfTest,
            reply: Kind::SelfTested,
            body: &[],
        };
        let answer = self.line.ask(request, self.persistence())?;
        match answer.body.first() {
            Some(verdict) => Ok(*verdict == 1),
            None => Err(malformed(what, "it is empty")),
        }
    }
}
