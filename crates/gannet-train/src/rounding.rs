//! Weights as a quantized network would have them: the optimizer moves real numbers, and the
//! network is computed with what becomes of them in integers.

use std::ops::Range;

use gannet_graph::quantized::{Kernel, WeightBits};
use gannet_graph::{Graph, Layer, Shape, Tensor};

use crate::recipe::Quantize;

/// Which weights of a network, in the graph's order, are rounded, and how.
#[derive(Debug)]
pub struct Rounding(Vec<Rounded>);

/// The kernel of one layer.
#[derive(Debug)]
struct Rounded {
    range: Range<usize>,
    shape: Shape,
    /// Output channels: each has a scale.
    channels: usize,
    bits: WeightBits,
}

impl Rounding {
    /// The kernels of `graph`; none without a recipe for it.
    pub fn new(graph: &Graph, recipe: Option<&Quantize>) -> Self {
        let Some(recipe) = recipe else {
            return Rounding(Vec::new());
        };
        let mut rounded = Vec::new();
        let mut first = 0;
        for node in graph.nodes() {
            let (channels, bits) = match node.layer() {
                Layer::Conv2D(conv) => (conv.filters(), recipe.conv_bits.into()),
                Layer::DepthwiseConv2D(_) => (node.output_shape().channels(), WeightBits::Eight),
                Layer::Dense(dense) => (dense.units(), recipe.dense_bits.into()),
                _ => (0, WeightBits::Eight),
            };
            for weight in node.layer().weights() {
                let range = first..first + weight.tensor.data().len();
                first = range.end;
                if weight.name.ends_with("kernel") {
                    rounded.push(Rounded {
                        range,
                        shape: weight.tensor.shape().clone(),
                        channels,
                        bits,
                    });
                }
            }
        }
        Rounding(rounded)
    }

    /// What becomes of `weights` in integers. What is not finite stays as it is.
    pub fn apply(&self, weights: &mut [f32]) {
        for kernel in &self.0 {
            let own = &mut weights[kernel.range.clone()];
            if let Some(rounded) = kernel.rounded(own) {
                own.copy_from_slice(rounded.data());
            }
        }
    }
}

impl Rounded {
    fn rounded(&self, values: &[f32]) -> Option<Tensor> {
        if !values.iter().all(|value| value.is_finite()) {
            return None;
        }
        let tensor = Tensor::new(self.shape.clone(), values.to_vec()).ok()?;
        let scales = Kernel::fitted_scales(&tensor, self.channels, self.bits);
        let kernel = Kernel::quantize(&tensor, self.bits, scales).ok()?;
        Some(kernel.dequantize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::KernelBits;
    use gannet_graph::Dense;

    /// Unit 0: 1.27 in steps of 0.01, so 0.014 becomes 0.01. Unit 1: 0 alone stays. The bias
    /// is no kernel.
    #[test]
    fn kernels_are_rounded_and_biases_stay() {
        let kernel = Tensor::new([2, 2], vec![1.27, 0.0, 0.014, 0.0]).unwrap();
        let bias = Tensor::new([2], vec![0.123_456, 0.0]).unwrap();
        let mut graph = Graph::new("net", [2]).unwrap();
        graph
            .push("dense", Dense::new(kernel, Some(bias)).unwrap())
            .unwrap();
        let mut weights: Vec<f32> = graph.weights().flatten().copied().collect();
        Rounding::new(&graph, None).apply(&mut weights);
        assert_eq!(weights[2], 0.014);
        let recipe = Quantize {
            dense_bits: KernelBits::Eight,
            conv_bits: KernelBits::Eight,
        };
        Rounding::new(&graph, Some(&recipe)).apply(&mut weights);
        assert!((weights[2] - 0.01).abs() < 1e-7, "{weights:?}");
        assert_eq!(weights[4], 0.123_456);
    }
}
