//! Why a network cannot be quantized.

use gannet_graph::{GraphError, Shape};

use crate::Obstacle;

/// Why a network cannot be quantized.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantizeError {
    /// There is nothing to calibrate with.
    #[error("there is no picture to calibrate with: give at least one")]
    NoPictures,
    /// The pictures are not what the network takes.
    #[error(
        "network '{network}' takes {expected}, but the pictures are {found}: use the data that it was trained on"
    )]
    PictureShape {
        /// The network's name.
        network: String,
        /// Its input's shape.
        expected: Shape,
        /// The pictures' shape.
        found: Shape,
    },
    /// The network computes something that is no number.
    #[error(
        "layer '{layer}' gives {value} for picture {picture}: the network is damaged, or its training went astray"
    )]
    NotFinite {
        /// The layer's name.
        layer: String,
        /// What it gives.
        value: f32,
        /// For which picture, from 0.
        picture: usize,
    },
    /// The network has something that has no form in integers.
    #[error("network '{network}' cannot be quantized: {}", list(obstacles))]
    Unsupported {
        /// The network's name.
        network: String,
        /// All of it.
        obstacles: Vec<Obstacle>,
    },
    /// The integers cannot stand for the network's numbers.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

fn list(obstacles: &[Obstacle]) -> String {
    let sentences: Vec<String> = obstacles.iter().map(Obstacle::to_string).collect();
    sentences.join("; ")
}
