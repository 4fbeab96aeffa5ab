//! Post-training quantization: the whole way from a float network to one of integers.

use gannet_data::Images;
use gannet_graph::quantized::WeightBits;
use gannet_graph::{Graph, QuantizedGraph};

use crate::assemble::Assembly;
use crate::calibrate::calibrate;
use crate::correct::correct;
use crate::equalize::equalize;
use crate::groups::quantizations;
use crate::noise::noise;
use crate::obstacle::obstacles;
use crate::pictures::Pictures;
use crate::prepare::prepare;
use crate::{Calibration, LayerNoise, QuantizeError};

/// How a network is quantized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// How the ranges of activations are found.
    pub calibration: Calibration,
    /// Whether channels are brought to equal weights before.
    pub equalization: Equalization,
    /// Whether biases take back what rounding shifts.
    pub bias_correction: BiasCorrection,
    /// The weights of dense layers.
    pub dense_bits: WeightBits,
    /// The weights of convolutions; those of depthwise ones, which are few, have 8 bits.
    pub conv_bits: WeightBits,
}

/// Whether channels are brought to equal weights in neighbouring layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Equalization {
    /// They stay as they were trained.
    None,
    /// Each pair of layers with nothing but ReLU and pooling between them.
    CrossLayer,
}

/// Whether biases take back what rounding shifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BiasCorrection {
    /// They stay as they were trained.
    None,
    /// By the means over the pictures.
    Empirical,
}

impl Default for Method {
    fn default() -> Self {
        Method {
            calibration: Calibration::default(),
            equalization: Equalization::None,
            bias_correction: BiasCorrection::None,
            dense_bits: WeightBits::Eight,
            conv_bits: WeightBits::Eight,
        }
    }
}

/// A quantized network, and what is left of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantized {
    /// The network.
    pub graph: QuantizedGraph,
    /// Its layers in order, the input first.
    pub layers: Vec<LayerNoise>,
}

/// Quantizes `graph`, calibrated on `images`, whose pixels are taken as `x / 255`.
///
/// # Errors
/// [`QuantizeError::Unsupported`] with all that has no form in integers;
/// [`QuantizeError::NoPictures`], [`QuantizeError::PictureShape`] and
/// [`QuantizeError::NotFinite`] if the network cannot be run on the pictures.
pub fn quantize(
    graph: &Graph,
    images: &Images,
    method: &Method,
) -> Result<Quantized, QuantizeError> {
    let pictures = Pictures::new(images, graph.name(), graph.input_shape())?;
    let mut graph = prepare(graph)?;
    let obstacles = obstacles(&graph);
    if !obstacles.is_empty() {
        return Err(QuantizeError::Unsupported {
            network: graph.name().to_owned(),
            obstacles,
        });
    }
    if method.equalization == Equalization::CrossLayer {
        graph = equalize(&graph)?;
    }
    let ranges = calibrate(&graph, pictures, method.calibration)?;
    let quantizations = quantizations(&graph, &ranges)?;
    let corrected = match method.bias_correction {
        BiasCorrection::None => graph.clone(),
        BiasCorrection::Empirical => correct(&graph, &quantizations, method, pictures)?,
    };
    let assembly = Assembly::new(&corrected, &quantizations, method)?;
    let layers = noise(&graph, &assembly, pictures)?;
    Ok(Quantized {
        graph: assembly.graph,
        layers,
    })
}
