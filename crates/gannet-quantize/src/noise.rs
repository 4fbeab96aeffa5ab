//! How much of each activation is left in integers.

use gannet_graph::Graph;
use gannet_graph::quantized::{Node, QuantizedTensor};
use serde::Serialize;

use crate::QuantizeError;
use crate::assemble::Assembly;
use crate::pictures::Pictures;

/// One layer of a quantized network beside the float layer that it stands for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerNoise {
    /// The layer's name.
    pub name: String,
    /// Keras' class name.
    pub kind: &'static str,
    /// What a step of its output stands for.
    pub scale: f32,
    /// The integer of its output that stands for 0.
    pub zero_point: i32,
    /// Its weights, packed, without their scales.
    pub weights_bytes: usize,
    /// `10 · log₁₀(Σ x² / Σ (x − q)²)` over all values `x` of the float network and `q` of the
    /// quantized one, errors of the layers before included; none if there is no difference.
    pub signal_to_noise_db: Option<f64>,
}

/// The noise of every layer of `assembly`, in order, on `pictures`; `graph` is the network
/// that was quantized, before anything was corrected.
pub(crate) fn noise(
    graph: &Graph,
    assembly: &Assembly,
    pictures: Pictures<'_>,
) -> Result<Vec<LayerNoise>, QuantizeError> {
    let input = assembly.graph.input_type().quantization;
    let mut sums = vec![(0.0_f64, 0.0_f64); assembly.origins.len()];
    for image in pictures.iter() {
        let wanted = graph.run_all(&image)?;
        let integers = QuantizedTensor::quantize(&image, input);
        for (place, given) in assembly.graph.run_all(&integers)?.iter().enumerate() {
            let wanted = wanted[assembly.origins[place].index()].data();
            for (x, q) in wanted.iter().zip(given.dequantize().data()) {
                sums[place].0 += f64::from(*x).powi(2);
                sums[place].1 += f64::from(x - q).powi(2);
            }
        }
    }
    let layer = |(node, &(signal, noise)): (&Node, &(f64, f64))| LayerNoise {
        name: node.name().to_owned(),
        kind: node.layer().kind(),
        scale: node.output().quantization.scale(),
        zero_point: node.output().quantization.zero_point(),
        weights_bytes: node.layer().weights_bytes(),
        signal_to_noise_db: (signal > 0.0 && noise > 0.0).then(|| 10.0 * (signal / noise).log10()),
    };
    Ok(assembly
        .graph
        .nodes()
        .iter()
        .zip(&sums)
        .map(layer)
        .collect())
}
