//! First weights, as in Keras: Glorot's uniform rule for kernels, zero for biases, and
//! normalizations that change nothing.

use gannet_graph::{Graph, Shape};

use crate::random::{Purpose, Stream};

/// Gives `graph` new weights that `seed` decides: kernels evenly in ±√(6 / (fan in + fan
/// out)) (Glorot and Bengio, "Understanding the difficulty of training deep feedforward
/// neural networks", 2010), the scales and variances of normalizations one, all else zero.
pub fn initialize(graph: &mut Graph, seed: u64) {
    let firsts: Vec<First> = graph
        .nodes()
        .iter()
        .flat_map(|node| node.layer().weights())
        .map(|weight| match weight.name {
            "kernel" => First::Within(limit(weight.tensor.shape())),
            "gamma" | "moving_variance" => First::All(1.0),
            _ => First::All(0.0),
        })
        .collect();
    for (i, (values, first)) in graph.weights_mut().zip(firsts).enumerate() {
        let mut stream = Stream::new(seed, Purpose::Weights, i as u64);
        match first {
            First::Within(limit) => values
                .iter_mut()
                .for_each(|value| *value = stream.range(-limit, limit)),
            First::All(value) => values.fill(value),
        }
    }
}

/// What one tensor's values are at first.
enum First {
    /// Evenly within plus and minus that.
    Within(f32),
    /// All the same.
    All(f32),
}

/// Keras counts a convolution's fans with the window: `[height, width, channels, filters]`
/// has a fan in of height · width · channels and a fan out of height · width · filters; of a
/// depthwise kernel the multiplier counts as the filters.
fn limit(kernel: &Shape) -> f32 {
    let (window, fans) = kernel
        .dims()
        .split_at(kernel.dims().len().saturating_sub(2));
    let window: usize = window.iter().product();
    let fans: usize = fans.iter().map(|fan| fan * window).sum();
    (6.0 / fans as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gannet_graph::networks;

    /// Limits by hand: √(6/(25 + 200)), √(6/(200 + 100)), √(6/(144 + 64)), √(6/(64 + 10)).
    #[test]
    fn kernels_fill_their_range_and_biases_are_zero() {
        let mut graph = networks::mnist_small();
        initialize(&mut graph, 3);
        let limits = [0.163_299, 0.141_421, 0.169_842, 0.0, 0.284_747, 0.0];
        for (values, limit) in graph.weights().zip(limits) {
            let largest = values
                .iter()
                .fold(0.0_f32, |largest, value| largest.max(value.abs()));
            assert!(
                largest <= limit && largest >= 0.95 * limit,
                "{largest} of {limit}"
            );
        }
    }
}
