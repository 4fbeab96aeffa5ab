//! Runs labelled images on a device and compares its outputs with the labels and, bit for bit,
//! with the host's outputs for the same images. In go a [`Device`] and samples; out come progress
//! events and a [`Report`]. What ends a run early is part of the report.

use std::time::Instant;

use gannet_data::Scorer;
use gannet_link::{Client, LinkError, Tutorial, TutorialError, Wire};
use serde::{Deserialize, Serialize};

/// Something that computes a network's output.
pub trait Device {
    /// Computes one image; `input` and the output are elements as they lie on the wire.
    ///
    /// # Errors
    /// A [`Failure`] that no further attempt would repair.
    fn infer(&mut self, index: u32, input: &[u8]) -> Result<Inference, Failure>;
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
    /// How often the image was sent again.
    pub resent: u64,
}

/// Why a run ended before its last image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A short, stable name of the kind of failure.
    pub code: String,
    /// The sentence for people.
    pub message: String,
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Failure {
        Failure {
            code: error.code().into(),
            message: error.to_string(),
        }
    }
}

impl<W: Wire> Device for Client<W> {
    fn infer(&mut self, index: u32, input: &[u8]) -> Result<Inference, Failure> {
        let outcome = self.run(index, input)?;
        Ok(Inference {
            output: outcome.output,
            seconds: outcome.seconds,
            seconds_inference: outcome.seconds_inference,
            resent: outcome.resent.into(),
        })
    }
}

impl From<TutorialError> for Failure {
    fn from(error: TutorialError) -> Failure {
        Failure {
            code: error.code().into(),
            message: error.to_string(),
        }
    }
}

impl<W: Wire> Device for Tutorial<W> {
    fn infer(&mut self, _index: u32, input: &[u8]) -> Result<Inference, Failure> {
        let start = Instant::now();
        let output = self.run(input)?;
        Ok(Inference {
            output,
            seconds: start.elapsed().as_secs_f64(),
            // The tutorial's protocol tells no times.
            seconds_inference: None,
            resent: 0,
        })
    }
}

/// The host itself as a device: a function from input bytes to output bytes.
pub struct OnHost<F>(pub F);

impl<F: FnMut(&[u8]) -> Vec<u8>> Device for OnHost<F> {
    fn infer(&mut self, _index: u32, input: &[u8]) -> Result<Inference, Failure> {
        let start = Instant::now();
        let output = (self.0)(input);
        let seconds = start.elapsed().as_secs_f64();
        Ok(Inference {
            output,
            seconds,
            seconds_inference: Some(seconds),
            resent: 0,
        })
    }
}

/// What the bytes of an output mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutputFormat {
    /// Little-endian `f32`.
    F32,
    /// `i8`, worth `scale * (value - zero_point)`.
    I8 {
        /// The worth of one step.
        scale: f32,
        /// The value that is worth 0.
        zero_point: i32,
    },
}

impl OutputFormat {
    /// The outputs as numbers. A last element that is cut short is left out.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            OutputFormat::F32 => bytes
                .as_chunks()
                .0
                .iter()
                .map(|element| f32::from_le_bytes(*element))
                .collect(),
            OutputFormat::I8 { scale, zero_point } => bytes
                .iter()
                .map(|&byte| scale * (i32::from(byte.cast_signed()) - zero_point) as f32)
                .collect(),
        }
    }

    fn element_len_bytes(self) -> usize {
        match self {
            OutputFormat::F32 => 4,
            OutputFormat::I8 { .. } => 1,
        }
    }
}

/// One image to validate with.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The network's input as it travels.
    pub input: &'a [u8],
    /// The class that it shows.
    pub label: u8,
    /// The host's output for it, as it travels.
    pub expected: &'a [u8],
}

/// A validation in the making.
#[derive(Clone, Copy, Debug)]
pub struct Validation<'a> {
    /// Where the network runs, in words: `host`, `emulator`, `serial:PORT`.
    pub on: &'a str,
    /// How many outputs the network has.
    pub classes: usize,
    /// What the output's bytes mean.
    pub format: OutputFormat,
}

/// After each image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Images done so far.
    pub done: usize,
    /// How many of them were recognised.
    pub right: usize,
    /// On how many of them the device differed from the host.
    pub mismatches: usize,
}

/// What a validation found. The field names are those of the JSON report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where the network ran.
    pub on: String,
    /// How many images were scored.
    pub images: usize,
    /// Share of images recognised; nothing when none was scored, as the next two.
    pub top1: Option<f64>,
    /// Share of output elements right after thresholding at 0.5.
    pub element_accuracy: Option<f64>,
    /// Mean over the images of the sum of absolute differences to the one-hot label.
    pub mean_abs_error: Option<f64>,
    /// Images for which the device's output is not the host's, to the bit.
    pub mismatches_vs_host: usize,
    /// The first such image.
    pub first_mismatch: Option<Mismatch>,
    /// Wall time from the first image to the last.
    pub seconds: f64,
    /// Of that, outside the network; nothing when the device has no clock that can be trusted.
    pub seconds_wire: Option<f64>,
    /// Of that, in the network.
    pub seconds_inference: Option<f64>,
    /// How often an image was sent again.
    pub resent: u64,
    /// Why the run ended early.
    pub failure: Option<Failure>,
    /// `confusion[truth][decision]` counts images.
    pub confusion: Vec<Vec<usize>>,
}

/// Where a device's output first left the host's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The image, from 0.
    pub image: usize,
    /// The output element, from 0.
    pub output: usize,
    /// The host's bytes as a hexadecimal number, most significant digit first.
    pub host_bits: String,
    /// The device's.
    pub device_bits: String,
}

impl Validation<'_> {
    /// Runs every sample on `device`, in order, until the first failure.
    pub fn run<'a>(
        &self,
        device: &mut impl Device,
        samples: impl IntoIterator<Item = Sample<'a>>,
        mut progress: impl FnMut(Progress),
    ) -> Report {
        let start = Instant::now();
        let mut scorer = Scorer::new(self.classes);
        let mut state = Progress {
            done: 0,
            right: 0,
            mismatches: 0,
        };
        let (mut first_mismatch, mut failure) = (None, None);
        let (mut seconds_network, mut resent) = (Some(0.0), 0);
        for (index, sample) in samples.into_iter().enumerate() {
            let inference = match device.infer(index as u32, sample.input) {
                Ok(inference) => inference,
                Err(reason) => {
                    failure = Some(reason);
                    break;
                }
            };
            seconds_network = seconds_network
                .zip(inference.seconds_inference)
                .map(|(a, b)| a + b);
            resent += inference.resent;
            if inference.output != sample.expected {
                state.mismatches += 1;
                first_mismatch.get_or_insert_with(|| {
                    self.mismatch(index, sample.expected, &inference.output)
                });
            }
            match scorer.add(&self.format.decode(&inference.output), sample.label) {
                Ok(scored) => {
                    state.right += usize::from(scored.decision == usize::from(sample.label));
                }
                Err(error) => {
                    let code = "output-unusable".into();
                    failure = Some(Failure {
                        code,
                        message: error.to_string(),
                    });
                    break;
                }
            }
            state.done += 1;
            progress(state);
        }
        let seconds = start.elapsed().as_secs_f64();
        let seconds_inference = seconds_network.filter(|_| state.done > 0);
        let score = scorer.finish().ok();
        Report {
            on: self.on.to_owned(),
            images: state.done,
            top1: score.as_ref().map(|score| score.top1),
            element_accuracy: score.as_ref().map(|score| score.element_accuracy),
            mean_abs_error: score.as_ref().map(|score| score.mean_abs_error),
            mismatches_vs_host: state.mismatches,
            first_mismatch,
            seconds,
            seconds_wire: seconds_inference.map(|inference| (seconds - inference).max(0.0)),
            seconds_inference,
            resent,
            failure,
            confusion: score.map(|score| score.confusion).unwrap_or_default(),
        }
    }

    fn mismatch(&self, image: usize, host: &[u8], device: &[u8]) -> Mismatch {
        let len = self.format.element_len_bytes();
        let element = |bytes: &[u8], output: usize| {
            let end = bytes.len().min(len * (output + 1));
            bytes.get(len * output..end).unwrap_or_default().to_vec()
        };
        let outputs = host.len().max(device.len()).div_ceil(len);
        let output = (0..outputs)
            .find(|&output| element(host, output) != element(device, output))
            .unwrap_or(outputs);
        let bits = |bytes: Vec<u8>| {
            bytes
                .iter()
                .rev()
                .map(|byte| format!("{byte:02x}"))
                .collect()
        };
        Mismatch {
            image,
            output,
            host_bits: bits(element(host, output)),
            device_bits: bits(element(device, output)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F32: Validation<'_> = Validation {
        on: "host",
        classes: 2,
        format: OutputFormat::F32,
    };

    fn bytes(outputs: [f32; 2]) -> Vec<u8> {
        outputs
            .iter()
            .flat_map(|output| output.to_le_bytes())
            .collect()
    }

    #[test]
    fn a_device_that_is_one_bit_off_is_named_with_its_bits() {
        let expected = [bytes([1.0, 0.0]), bytes([0.25, 0.75])];
        let samples = [(0, &expected[0]), (1, &expected[1])].map(|(label, expected)| Sample {
            input: &[],
            label,
            expected,
        });
        let mut images = 0;
        // The second image's second output, 0.75 = 0x3f400000, comes back one unit larger.
        let mut device = OnHost(|_: &[u8]| {
            images += 1;
            match images {
                1 => bytes([1.0, 0.0]),
                _ => bytes([0.25, f32::from_bits(0x3f40_0001)]),
            }
        });
        let mut events = Vec::new();
        let report = F32.run(&mut device, samples, |progress| events.push(progress));
        assert_eq!(report.mismatches_vs_host, 1);
        let mismatch = Mismatch {
            image: 1,
            output: 1,
            host_bits: "3f400000".into(),
            device_bits: "3f400001".into(),
        };
        assert_eq!(report.first_mismatch, Some(mismatch));
        assert_eq!((report.images, report.top1), (2, Some(1.0)));
        assert_eq!(report.confusion, [[1, 0], [0, 1]]);
        assert_eq!(
            events[1],
            Progress {
                done: 2,
                right: 2,
                mismatches: 1
            }
        );
        assert_eq!(report.failure, None);
    }

    struct BreaksAfterOne;

    impl Device for BreaksAfterOne {
        fn infer(&mut self, index: u32, _input: &[u8]) -> Result<Inference, Failure> {
            if index == 0 {
                let output = bytes([0.0, 1.0]);
                return Ok(Inference {
                    output,
                    seconds: 1.0,
                    seconds_inference: None,
                    resent: 2,
                });
            }
            Err(Failure {
                code: "silence".into(),
                message: "nothing came back".into(),
            })
        }
    }

    #[test]
    fn a_failure_ends_the_run_and_what_came_before_it_counts() {
        let expected = bytes([0.0, 1.0]);
        let sample = Sample {
            input: &[],
            label: 1,
            expected: &expected,
        };
        let report = F32.run(&mut BreaksAfterOne, [sample; 3], |_| {});
        assert_eq!(
            (report.images, report.top1, report.resent),
            (1, Some(1.0), 2)
        );
        assert_eq!(
            report.failure.as_ref().map(|failure| &*failure.code),
            Some("silence")
        );
        // No clock on the device, so no claim about where the time went.
        assert_eq!(
            (report.seconds_wire, report.seconds_inference),
            (None, None)
        );
        let json = serde_json::to_value(&report).unwrap();
        for name in [
            "on",
            "images",
            "top1",
            "element_accuracy",
            "mean_abs_error",
            "mismatches_vs_host",
            "seconds",
            "seconds_wire",
            "seconds_inference",
            "resent",
            "failure",
        ] {
            assert!(json.get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn int8_outputs_are_scaled_around_their_zero() {
        let format = OutputFormat::I8 {
            scale: 0.5,
            zero_point: -128,
        };
        assert_eq!(format.decode(&[0x80, 0x81, 0x7f]), [0.0, 0.5, 127.5]);
    }
}
