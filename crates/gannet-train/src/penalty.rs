//! The layers' penalties on their weights, `l1·Σ|w| + l2·Σw²`, and their gradient.

use gannet_graph::{Graph, Layer, Regularizer};

/// The penalty on every single weight of a network, in the graph's order.
#[derive(Debug)]
pub struct Penalty(Vec<Regularizer>);

impl Penalty {
    /// The penalties of `graph`'s layers.
    pub fn new(graph: &Graph) -> Self {
        let of = |layer: &Layer| {
            let on_kernel = match layer {
                Layer::Conv2D(layer) => layer.kernel_regularizer,
                Layer::Dense(layer) => layer.kernel_regularizer,
                _ => Regularizer::NONE,
            };
            let weights = layer.weights().into_iter();
            weights
                .flat_map(|weight| {
                    let is_kernel = weight.name == "kernel";
                    let penalty = if is_kernel {
                        on_kernel
                    } else {
                        Regularizer::NONE
                    };
                    std::iter::repeat_n(penalty, weight.tensor.data().len())
                })
                .collect::<Vec<_>>()
        };
        Penalty(
            graph
                .nodes()
                .iter()
                .flat_map(|node| of(node.layer()))
                .collect(),
        )
    }

    /// Their sum.
    pub fn of(&self, weights: &[f32]) -> f64 {
        let of = |(weight, penalty): (&f32, &Regularizer)| {
            let weight = f64::from(*weight);
            f64::from(penalty.l1) * weight.abs() + f64::from(penalty.l2) * weight * weight
        };
        weights.iter().zip(&self.0).map(of).sum()
    }

    /// Makes of a sum of gradients, times `share`, their mean with the penalty's gradient.
    pub fn add_gradient(&self, weights: &[f32], share: f32, gradient: &mut [f32]) {
        for ((gradient, &weight), penalty) in gradient.iter_mut().zip(weights).zip(&self.0) {
            let sign = if weight == 0.0 { 0.0 } else { weight.signum() };
            *gradient = *gradient * share + penalty.l1 * sign + 2.0 * penalty.l2 * weight;
        }
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
        // 4·¼ + 0.5 + 2·0.1·2 = 1.9; 0 − 0.5 − 0.6 = −1.1.
        let mut gradient = [4.0, 0.0, 8.0, 0.0];
        penalty.add_gradient(&weights, 0.25, &mut gradient);
        assert!((gradient[0] - 1.9).abs() < 1e-6 && (gradient[1] + 1.1).abs() < 1e-6);
        assert_eq!(gradient[2..], [2.0, 0.0]);
    }
}
