//! Cross-layer equalization: a channel may be divided by any factor in one layer and
//! multiplied by it in the next, if between them is nothing but ReLU, pooling and enlargement.
//!
//! Nagel, van Baalen, Blankevoort and Welling, "Data-Free Quantization Through Weight
//! Equalization and Bias Correction", 2019, section 4.1: the factors that give a channel the
//! same largest weight in both layers.

use gannet_graph::{Function, Graph, GraphError, Layer, NodeId, Tensor};

use crate::weighted::{Weighted, replace};

/// Passes over all pairs; factors of a pair move its neighbours', less each time.
const PASSES: usize = 8;

/// The same network with channels of equal weights on both sides.
pub(crate) fn equalize(graph: &Graph) -> Result<Graph, GraphError> {
    let mut equal = graph.clone();
    for _ in 0..PASSES {
        for first in graph.ids() {
            if let Some(second) = partner(&equal, first) {
                equal = balance(&equal, first, second)?;
            }
        }
    }
    Ok(equal)
}

/// The layer with a kernel that alone reads what layer `first`, which has one too, gives.
fn partner(graph: &Graph, first: NodeId) -> Option<NodeId> {
    Weighted::of(graph.node(first).layer())?;
    let mut id = first;
    loop {
        let &[reader] = graph.readers(id).as_slice() else {
            return None;
        };
        id = reader;
        match graph.node(id).layer() {
            Layer::MaxPool2D(_)
            | Layer::AveragePool2D(_)
            | Layer::GlobalAveragePool2D(_)
            | Layer::UpSampling2D(_)
            | Layer::PReLU(_)
            | Layer::Flatten(_) => {}
            Layer::Activation(activation) if scales(activation.function) => {}
            layer => return Weighted::of(layer).map(|_| id),
        }
    }
}

/// Whether `f(s·x) = s·f(x)` for every positive `s`.
fn scales(function: Function) -> bool {
    matches!(
        function,
        Function::Linear | Function::Relu | Function::LeakyRelu { .. }
    )
}

fn balance(graph: &Graph, first: NodeId, second: NodeId) -> Result<Graph, GraphError> {
    let before = Weighted::of(graph.node(first).layer()).expect("checked by partner");
    let after = Weighted::of(graph.node(second).layer()).expect("checked by partner");
    let channels = before.outputs();
    let largest = |weighted: &Weighted<'_>, channel: &dyn Fn(usize) -> usize| {
        let mut largest = vec![0.0_f32; channels];
        for (i, weight) in weighted.kernel.data().iter().enumerate() {
            let largest = &mut largest[channel(i)];
            *largest = largest.max(weight.abs());
        }
        largest
    };
    // Behind a Flatten the channels of all pixels follow each other.
    let taken = |weight: usize| after.input_of(weight) % channels;
    let given = largest(&before, &|weight| before.output_of(weight));
    let read = largest(&after, &taken);
    let factor = |channel: usize| match (given[channel] / read[channel]).sqrt() {
        factor if factor.is_normal() => factor,
        // A channel of zeros.
        _ => 1.0,
    };
    let factors: Vec<f32> = (0..channels).map(factor).collect();
    let kernel = before.kernel.data();
    let kernel = Tensor::from_fn(before.kernel.shape().clone(), |i| {
        kernel[i] / factors[before.output_of(i)]
    });
    let bias = before
        .bias
        .map(|bias| Tensor::from_fn([channels], |c| bias.data()[c] / factors[c]));
    let next = after.kernel.data();
    let next = Tensor::from_fn(after.kernel.shape().clone(), |i| {
        next[i] * factors[taken(i)]
    });
    let graph_of_one = replace(graph, first, before.with(kernel, bias)?)?;
    replace(
        &graph_of_one,
        second,
        after.with(next, after.bias.cloned())?,
    )
}

#[cfg(test)]
mod tests {
    use gannet_graph::networks;

    use super::*;

    #[test]
    fn an_equalized_network_computes_the_same() {
        let mut graph = networks::mnist_small();
        let mut value = 0.0_f32;
        graph.weights_mut().flatten().for_each(|weight| {
            value = (value * 7.3 + 0.37).fract();
            *weight = (value - 0.5) * 0.3;
        });
        let graph = graph.simplified();
        let equal = equalize(&graph).unwrap();
        let image = Tensor::from_fn([28, 28, 1], |i| (i % 17) as f32 / 17.0);
        let (wanted, given) = (graph.run(&image).unwrap(), equal.run(&image).unwrap());
        assert_ne!(graph, equal);
        for (a, b) in wanted.data().iter().zip(given.data()) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }

    /// Largest weights 8 and 2: the factor is √(8/2) = 2, and both become 4.
    #[test]
    fn factors_by_hand() {
        let of = |value: f32| Tensor::new([1, 1], vec![value]).unwrap();
        let mut graph = Graph::new("net", [1]).unwrap();
        for (name, weight) in [("a", 8.0), ("b", 2.0)] {
            let dense = gannet_graph::Dense::new(of(weight), None).unwrap();
            graph.push(name, dense).unwrap();
        }
        let equal = equalize(&graph).unwrap();
        let weights: Vec<f32> = equal.weights().flatten().copied().collect();
        assert_eq!(weights, [4.0, 4.0]);
    }
}
