//! Activations as the integers of a quantized network would have them.
//!
//! Every value is moved to the nearest of 256 steps over the range of the values of all images
//! of the chunk. A gradient passes as if nothing had been moved: Bengio, Léonard and Courville,
//! "Estimating or Propagating Gradients Through Stochastic Neurons", 2013, section 4.

use gannet_graph::quantized::{Element, Quantization};
use gannet_graph::{Function, Graph, Layer, NodeId};

use super::backend::Backend;
use super::simd::{Kernel, Lanes, Simd};

/// Whether activations are moved to the steps of integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activations {
    /// They stay as they are.
    Real,
    /// Those that a quantized network keeps are moved.
    Rounded,
}

/// Whether a quantized network keeps the values of node `id` of a network in normal form: not
/// if they are images, were rounded before, or if nothing but a limit or maxima of them is
/// ever read. The last function belongs to the head.
pub fn is_kept(graph: &Graph, id: NodeId) -> bool {
    let makes_new_values = match graph.node(id).layer() {
        Layer::Activation(_) => id != graph.output(),
        Layer::Input(_)
        | Layer::MaxPool2D(_)
        | Layer::AveragePool2D(_)
        | Layer::ZeroPadding2D(_)
        | Layer::Concatenate(_)
        | Layer::Flatten(_)
        | Layer::Dropout(_) => false,
        _ => true,
    };
    let is_limited = match graph.readers(id).as_slice() {
        &[reader] => match graph.node(reader).layer() {
            Layer::MaxPool2D(_) => true,
            Layer::Activation(activation) => {
                matches!(activation.function, Function::Relu | Function::Relu6)
            }
            _ => false,
        },
        _ => false,
    };
    makes_new_values && !is_limited
}

/// Moves `values` to the steps of their range; what is not finite stays.
pub fn round(backend: Backend, values: &mut [Lanes]) {
    let [low, high] = backend.run(Range { values });
    if let Ok(quantization) = Quantization::covering(Element::I8, low, high) {
        backend.run(Round {
            values,
            scale: quantization.scale(),
        });
    }
}

struct Range<'a> {
    values: &'a [Lanes],
}

impl Kernel for Range<'_> {
    /// The smallest and the largest value.
    type Output = [f32; 2];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [f32; 2] {
        let zero = simd.splat(0.0);
        let (mut low, mut high) = (zero, zero);
        for value in self.values {
            let x = simd.load(value);
            low = simd.if_greater(low, x, x, low);
            high = simd.max(x, high);
        }
        let mut ends = [Lanes::ZERO; 2];
        simd.store(low, &mut ends[0]);
        simd.store(high, &mut ends[1]);
        [
            ends[0].0.into_iter().fold(0.0, f32::min),
            ends[1].0.into_iter().fold(0.0, f32::max),
        ]
    }
}

struct Round<'a> {
    values: &'a mut [Lanes],
    scale: f32,
}

impl Kernel for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // A number this large has no bits behind the point: adding it rounds.
        let whole = simd.splat(1.5 * (1 << 23) as f32);
        let (scale, steps) = (simd.splat(self.scale), simd.splat(1.0 / self.scale));
        for value in self.values {
            let step = simd.mul(simd.load(value), steps);
            let rounded = simd.sub(simd.add(step, whole), whole);
            simd.store(simd.mul(rounded, scale), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gannet_graph::networks;

    /// −1 to 4 in 255 steps of 1/51: 0.5 is 25.5 of them, and goes to the even 26.
    #[test]
    fn values_go_to_the_steps_of_their_range() {
        for backend in Backend::available() {
            let mut values = [-1.0, 4.0, 0.5, 0.51].map(|x| Lanes([x; 16]));
            round(backend, &mut values);
            let steps = values.map(|value| value.0[7] * 51.0);
            for (step, expected) in steps.iter().zip([-51.0, 204.0, 26.0, 26.0]) {
                assert!((step - expected).abs() < 1e-3, "{steps:?}");
            }
        }
    }

    /// Behind the pools, and the sums of the dense layers that no limit follows.
    #[test]
    fn what_a_quantized_network_keeps_is_rounded() {
        let graph = networks::mnist_small().normal_form();
        let kept: Vec<&str> = graph
            .ids()
            .filter(|&id| is_kept(&graph, id))
            .map(|id| graph.node(id).name())
            .collect();
        assert_eq!(kept, ["dense/relu", "dense_1"]);
    }
}
