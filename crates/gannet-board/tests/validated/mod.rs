//! A validation as tests run it: images on a device, every output held to the network's definition.

use gannet_board::validate::{Device, OutputFormat, Progress, Report, Sample, Validation};

/// What the images of a network with ten outputs are, by their numbers.
pub struct Definition {
    pub image: fn(usize) -> Vec<u8>,
    pub output: fn(&[u8]) -> Vec<u8>,
    /// The class that each of them shows.
    pub label: u8,
}

/// Runs the first `images` of them on `device`.
pub fn validate(
    device: &mut impl Device,
    definition: &Definition,
    images: usize,
    progress: impl FnMut(Progress),
) -> Report {
    let images: Vec<Vec<u8>> = (0..images).map(definition.image).collect();
    let outputs = images.iter().map(|image| (definition.output)(image));
    let outputs: Vec<Vec<u8>> = outputs.collect();
    let samples: Vec<Sample> = (images.iter().zip(&outputs))
        .map(|(input, expected)| Sample {
            input,
            label: definition.label,
            expected,
        })
        .collect();
    let validation = Validation {
        on: "test",
        classes: 10,
        format: OutputFormat::F32,
    };
    validation.run(device, &samples, progress)
}
