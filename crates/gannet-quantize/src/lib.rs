//! Gannet's quantizer: a trained [`Graph`](gannet_graph::Graph) and some pictures become a
//! [`QuantizedGraph`](gannet_graph::QuantizedGraph), a network that computes in integers.
//!
//! The scheme is TFLite's: activations of int8 with a scale and a zero point, weights of int8
//! with a scale for each output channel, sums and biases of int32. The pictures decide which
//! real numbers each activation's integers reach ([`Calibration`]); what is then left of the
//! network's values is told layer by layer ([`LayerNoise`]).
//!
//! ```
//! # use gannet_data::{ImageShape, Images};
//! # use gannet_graph::{Dense, Flatten, Graph, Tensor};
//! use gannet_quantize::{Method, outputs, quantize};
//! # let shape = ImageShape::new(2, 2, 1)?;
//! # let images = Images::new(shape, (0..40).map(|i| i * 6).collect())?;
//! # let mut graph = Graph::new("mean", [2, 2, 1])?;
//! # graph.push("flatten", Flatten)?;
//! # let quarter = Tensor::from_fn([4, 1], |_| 0.25);
//! # graph.push("dense", Dense::new(quarter, None)?)?;
//!
//! let quantized = quantize(&graph, &images, &Method::default())?;
//! assert!(quantized.layers[1].signal_to_noise_db > Some(40.0));
//! assert!((outputs(&quantized.graph, &images)?[0][0] - 9.0 / 255.0).abs() < 0.003);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assemble;
mod calibrate;
mod cluster;
mod compress;
mod correct;
mod equalize;
mod error;
mod fusion;
mod groups;
mod histogram;
mod noise;
mod obstacle;
mod outputs;
mod pictures;
mod prepare;
mod prune;
mod quantize;
mod range;
mod weighted;

pub use calibrate::Calibration;
pub use compress::{Compressed, Compression, SharedLayer, compress};
pub use error::QuantizeError;
pub use noise::LayerNoise;
pub use obstacle::Obstacle;
pub use outputs::outputs;
pub use prune::{Pruned, PrunedLayer, prune};
pub use quantize::{BiasCorrection, Equalization, Method, Quantized, quantize};
