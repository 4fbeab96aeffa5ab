//! The layers' penalties on their weights, `l1·Σ|w| + l2·Σw²`, and their gradient.

use std::fmt;
use std::ops::Range;

use gannet_graph::{Graph, Layer, Regularizer};

/// Which weights of a network, in the graph's order, are penalized, and how.
#[derive(Debug)]
pub struct Penalty(Vec<(Range<usize>, Regularizer)>);

impl Penalty {
    /// The penalties of `graph`'s layers.
    pub fn new(graph: &Graph) -> Self {
        let mut penalties = Vec::new();
        let mut first = 0;
        for node in graph.nodes() {
            let regularizer = match node.layer() {
                Layer::Conv2D(layer) => layer.kernel_regularizer,
                Layer::DepthwiseConv2D(layer) => layer.kernel_regularizer,
                Layer::Conv2DTranspose(layer) => layer.kernel_regularizer,
                Layer::Dense(layer) => layer.kernel_regularizer,
                _ => Regularizer::NONE,
            };
            for weight in node.layer().weights() {
                let range = first..first + weight.tensor.data().len();
                first = range.end;
                if weight.name == "kernel" && regularizer != Regularizer::NONE {
                    penalties.push((range, regularizer));
                }
            }
        }
        Penalty(penalties)
    }

    /// Their sum.
    pub fn of(&self, weights: &[f32]) -> f64 {
        let of = |(range, penalty): &(Range<usize>, Regularizer)| {
            let weights = weights[range.clone()]
                .iter()
                .map(|&weight| f64::from(weight));
            let magnitudes: f64 = weights.clone().map(f64::abs).sum();
            let squares: f64 = weights.map(|weight| weight * weight).sum();
            f64::from(penalty.l1) * magnitudes + f64::from(penalty.l2) * squares
        };
        self.0.iter().map(of).sum()
    }

    /// Adds the penalty's gradient.
    pub fn add_gradient(&self, weights: &[f32], gradient: &mut [f32]) {
        for (range, penalty) in &self.0 {
            let weights = &weights[range.clone()];
            for (gradient, &weight) in gradient[range.clone()].iter_mut().zip(weights) {
                let sign = if weight == 0.0 { 0.0 } else { weight.signum() };
                *gradient += penalty.l1 * sign + 2.0 * penalty.l2 * weight;
            }
        }
    }
}

/// Tells one set of penalties from another.
impl fmt::Display for Penalty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(range, penalty)| {
            write!(
                f,
                " {}..{}: {} {}",
                range.start, range.end, penalty.l1, penalty.l2
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gannet_graph::{Dense, Flatten};

    /// Weights 2, −3 under l1 = 0.5, l2 = 0.1: 0.5·5 + 0.1·13 = 3.8; the bias is free.
    #[test]
    fn penalty_by_hand() {
        let mut graph = Graph::new("net", [1, 1, 1]).unwrap();
        graph.push("flatten", Flatten).unwrap();
        let mut dense = Dense::zeros(1, 2);
        dense.kernel_regularizer = Regularizer { l1: 0.5, l2: 0.1 };
        graph.push("dense", dense).unwrap();
        let penalty = Penalty::new(&graph);
        let weights = [2.0, -3.0, 7.0, 0.0];
        assert!((penalty.of(&weights) - 3.8).abs() < 1e-6);
        // 1 + 0.5 + 2·0.1·2 = 1.9; 0 − 0.5 − 0.6 = −1.1.
        let mut gradient = [1.0, 0.0, 2.0, 0.0];
        penalty.add_gradient(&weights, &mut gradient);
        assert!((gradient[0] - 1.9).abs() < 1e-6 && (gradient[1] + 1.1).abs() < 1e-6);
        assert_eq!(gradient[2..], [2.0, 0.0]);
    }
}
