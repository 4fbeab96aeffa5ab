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
    fn line(&self) -> Option<Counts> {
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

    fn line(&self) -> Option<Counts> {
        Some(self.counts())
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
