//! Runs labelled images on a device and compares its outputs with the labels and, bit for bit,
//! with the host's outputs for the same images. In go a [`Device`] and samples; out come progress
//! events and a [`Report`]. What ends a run early is part of the report.

use std::fmt;
use std::time::Instant;

use gannet_data::Scorer;
use gannet_link::Counts;
use serde::{Deserialize, Serialize};

pub use crate::device::{Device, Failure, Inference, OnHost};

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
    /// Whether the network passed the self-test that the firmware carries; nothing where there
    /// is none.
    pub self_test: Option<bool>,
    /// Wall time from the first image to the last.
    pub seconds: f64,
    /// Of that, outside the network; nothing when the device has no clock that can be trusted.
    pub seconds_wire: Option<f64>,
    /// Of that, in the network.
    pub seconds_inference: Option<f64>,
    /// How often a request was sent again.
    pub resent: u64,
    /// What happened on the line; nothing where there is none that keeps count.
    pub line: Option<Counts>,
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
    /// The layer that went wrong first; nothing where the device cannot be looked into, or where
    /// the image came out right when it was computed again.
    pub layer: Option<LayerMismatch>,
}

/// The layers, computed in one stage, behind which a device's memory first is not the host's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerMismatch {
    /// Their names in the network.
    pub layers: Vec<String>,
    /// The row that was computed, where that is done row by row.
    pub row: Option<i64>,
    /// By how much they differ; nothing if only other memory does.
    pub values: Option<ValueMismatch>,
}

/// By how much the values of a layer differ. Integers count in steps of their scale, and numbers
/// are in decimal, as they may be infinite or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueMismatch {
    /// How many values there are in memory at that time.
    pub count: usize,
    /// How many of them differ.
    pub differing: usize,
    /// The largest difference.
    pub largest: String,
    /// The first value that differs, from 0.
    pub first: usize,
    /// What the host has there.
    pub host: String,
    /// What the device has there.
    pub device: String,
}

impl fmt::Display for LayerMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the first layer to differ is {}", self.layers.join(", "))?;
        if let Some(row) = self.row {
            write!(f, " in row {row}")?;
        }
        match &self.values {
            Some(values) => write!(
                f,
                ": {} of {} values, by up to {}; value {} is {} on the host and {} on the device",
                values.differing,
                values.count,
                values.largest,
                values.first,
                values.host,
                values.device
            ),
            None => write!(f, ", which has written where it should not"),
        }
    }
}

impl Report {
    /// What there is to report of a device that could not be reached.
    #[must_use]
    pub fn of_failure(on: &str, failure: Failure) -> Report {
        Report::of_nothing(on, Some(failure))
    }

    fn of_nothing(on: &str, failure: Option<Failure>) -> Report {
        Report {
            on: on.to_owned(),
            images: 0,
            top1: None,
            element_accuracy: None,
            mean_abs_error: None,
            mismatches_vs_host: 0,
            first_mismatch: None,
            self_test: None,
            seconds: 0.0,
            seconds_wire: None,
            seconds_inference: None,
            resent: 0,
            line: None,
            failure,
            confusion: Vec::new(),
        }
    }
}

impl Validation<'_> {
    /// Runs every sample on `device`, in order, until the first failure.
    pub fn run(
        &self,
        device: &mut impl Device,
        samples: &[Sample<'_>],
        mut progress: impl FnMut(Progress),
    ) -> Report {
        let start = Instant::now();
        let line_before = device.line();
        let mut scorer = Scorer::new(self.classes);
        let mut state = Progress {
            done: 0,
            right: 0,
            mismatches: 0,
        };
        let (mut first_mismatch, mut failure) = (None, None);
        let mut seconds_network = Some(0.0);
        let outcomes = device.infer_all(samples.iter().map(|sample| sample.input));
        for (index, (sample, outcome)) in samples.iter().zip(outcomes).enumerate() {
            let inference = match outcome {
                Ok(inference) => inference,
                Err(reason) => {
                    failure = Some(reason);
                    break;
                }
            };
            seconds_network = seconds_network
                .zip(inference.seconds_inference)
                .map(|(a, b)| a + b);
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
                    failure = Some(Failure::new("output-unusable", error.to_string()));
                    break;
                }
            }
            state.done += 1;
            progress(state);
        }
        let seconds = start.elapsed().as_secs_f64();
        let seconds_inference = seconds_network.filter(|_| state.done > 0);
        let score = scorer.finish().ok();
        let line = (device.line().zip(line_before)).map(|(after, before)| after.since(before));
        Report {
            images: state.done,
            top1: score.as_ref().map(|score| score.top1),
            element_accuracy: score.as_ref().map(|score| score.element_accuracy),
            mean_abs_error: score.as_ref().map(|score| score.mean_abs_error),
            mismatches_vs_host: state.mismatches,
            first_mismatch,
            seconds,
            seconds_wire: seconds_inference.map(|inference| (seconds - inference).max(0.0)),
            seconds_inference,
            resent: line.map_or(0, |line| line.resent),
            line,
            confusion: score.map(|score| score.confusion).unwrap_or_default(),
            ..Report::of_nothing(self.on, failure)
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
            layer: None,
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
        let report = F32.run(&mut device, &samples, |progress| events.push(progress));
        assert_eq!(report.mismatches_vs_host, 1);
        let mismatch = Mismatch {
            image: 1,
            output: 1,
            host_bits: "3f400000".into(),
            device_bits: "3f400001".into(),
            layer: None,
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

    /// A device at the end of a line on which one request in two is sent again.
    struct BreaksAfterOne {
        resent: u64,
    }

    impl Device for BreaksAfterOne {
        fn infer_all<'a>(
            &mut self,
            inputs: impl Iterator<Item = &'a [u8]>,
        ) -> impl Iterator<Item = Result<Inference, Failure>> {
            inputs.enumerate().map(|(index, _)| {
                self.resent += 2;
                match index {
                    0 => Ok(Inference {
                        output: bytes([0.0, 1.0]),
                        seconds: 1.0,
                        seconds_inference: None,
                    }),
                    _ => Err(Failure::new("silence", "nothing came back")),
                }
            })
        }

        fn line(&self) -> Option<Counts> {
            Some(Counts {
                resent: self.resent,
                ..Counts::default()
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
        // What was sent again before the run is not the run's.
        let mut device = BreaksAfterOne { resent: 7 };
        let report = F32.run(&mut device, &[sample; 3], |_| {});
        assert_eq!(
            (report.images, report.top1, report.resent),
            (1, Some(1.0), 4)
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
            "line",
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
