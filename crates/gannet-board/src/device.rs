//! What a network runs on, as validation sees it: inputs in, outputs out, one after the other.

use std::time::Instant;

use gannet_link::{Client, Counts, LinkError, Tutorial, TutorialError, Wire};
use serde::{Deserialize, Serialize};

/// Something that computes a network's output.
pub trait Device {
    /// Computes the images in order; an input and an output are elements as they lie on the wire.
    /// What comes after a [`Failure`], which no further attempt would repair, means nothing.
    fn infer_all<'a>(
        &mut self,
        inputs: impl Iterator<Item = &'a [u8]>,
    ) -> impl Iterator<Item = Result<Inference, Failure>>;

    /// What went over its line so far; nothing for a line that keeps no count.
    fn line(&self) -> Option<LineCounts> {
        None
    }
}

/// One image, computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Inference {
    /// The output's elements, little-endian.
    pub output: Vec<u8>,
    /// From the request to the answer.
    pub seconds: f64,
    /// In the network, by the device's own clock, if it has one that can be trusted. An emulator's
    /// clock follows the machine that it runs on: its seconds say nothing about a board.
    pub seconds_inference: Option<f64>,
}

/// Why a run ended before its last image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A short, stable name of the kind of failure.
    pub code: String,
    /// The sentence for people.
    pub message: String,
}

impl Failure {
    /// A failure of the kind `code`.
    pub fn new(code: &str, message: impl Into<String>) -> Failure {
        Failure {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Failure {
        Failure::new(error.code(), error.to_string())
    }
}

impl From<TutorialError> for Failure {
    fn from(error: TutorialError) -> Failure {
        Failure::new(error.code(), error.to_string())
    }
}

/// What happened on a line. The field names are those of the JSON report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCounts {
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
    /// How often the device started anew.
    pub resets: u64,
    /// How often the line was closed and opened again.
    pub reopened: u64,
}

impl LineCounts {
    /// What happened since `before`.
    #[must_use]
    pub fn since(self, before: LineCounts) -> LineCounts {
        LineCounts {
            bytes_sent: self.bytes_sent - before.bytes_sent,
            bytes_received: self.bytes_received - before.bytes_received,
            damaged_here: self.damaged_here - before.damaged_here,
            damaged_there: self.damaged_there - before.damaged_there,
            resent: self.resent - before.resent,
            ignored: self.ignored - before.ignored,
            resets: self.resets - before.resets,
            reopened: self.reopened - before.reopened,
        }
    }
}

impl From<Counts> for LineCounts {
    fn from(counts: Counts) -> LineCounts {
        LineCounts {
            bytes_sent: counts.bytes_sent,
            bytes_received: counts.bytes_received,
            damaged_here: counts.damaged_here,
            damaged_there: counts.damaged_there,
            resent: counts.resent,
            ignored: counts.ignored,
            resets: counts.resets,
            reopened: counts.reopened,
        }
    }
}

impl<W: Wire> Device for Client<W> {
    fn infer_all<'a>(
        &mut self,
        inputs: impl Iterator<Item = &'a [u8]>,
    ) -> impl Iterator<Item = Result<Inference, Failure>> {
        self.run_all(inputs).map(|outcome| {
            let outcome = outcome?;
            Ok(Inference {
                output: outcome.output,
                seconds: outcome.seconds,
                seconds_inference: outcome.seconds_inference,
            })
        })
    }

    fn line(&self) -> Option<LineCounts> {
        Some(self.counts().into())
    }
}

impl<W: Wire> Device for Tutorial<W> {
    fn infer_all<'a>(
        &mut self,
        inputs: impl Iterator<Item = &'a [u8]>,
    ) -> impl Iterator<Item = Result<Inference, Failure>> {
        inputs.map(|input| {
            let start = Instant::now();
            Ok(Inference {
                output: self.run(input)?,
                seconds: start.elapsed().as_secs_f64(),
                // The tutorial's protocol tells no times.
                seconds_inference: None,
            })
        })
    }
}

/// The host itself as a device: a function from input bytes to output bytes.
pub struct OnHost<F>(pub F);

impl<F: FnMut(&[u8]) -> Vec<u8>> Device for OnHost<F> {
    fn infer_all<'a>(
        &mut self,
        inputs: impl Iterator<Item = &'a [u8]>,
    ) -> impl Iterator<Item = Result<Inference, Failure>> {
        inputs.map(|input| {
            let start = Instant::now();
            let output = (self.0)(input);
            let seconds = start.elapsed().as_secs_f64();
            Ok(Inference {
                output,
                seconds,
                seconds_inference: Some(seconds),
            })
        })
    }
}
