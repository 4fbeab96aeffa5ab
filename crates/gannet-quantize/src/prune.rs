//! Fewer channels: the filters and units of the smallest weights are left out, with all that
//! is multiplied with them.
//!
//! Li, Kadav, Durdanovic, Samet and Graf, "Pruning Filters for Efficient ConvNets", 2017, section
//! 3.1: of each layer those whose weights have the smallest sum of magnitudes. Weights are taken as
//! they are at inference, with normalization folded into them. What is left is a smaller network,
//! which wins most of its accuracy back when it is trained a little more.

use gannet_graph::{Graph, GraphError, Layer, NodeId};
use serde::Serialize;

use crate::weighted::Weighted;

/// A network with fewer channels, and what became of each layer.
#[derive(Debug, Clone)]
pub struct Pruned {
    /// The network.
    pub graph: Graph,
    /// Its dense layers and convolutions, in order.
    pub layers: Vec<PrunedLayer>,
}

/// How many channels a layer has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrunedLayer {
    /// Its name.
    pub name: String,
    /// Keras' class name.
    pub kind: &'static str,
    /// How many filters or units it had.
    pub before: usize,
    /// How many it has.
    pub channels: usize,
    /// Why none can be left out, where that is so.
    pub reason: Option<String>,
}

/// Leaves out the share `share` of the filters and units of each layer that can do without, rounded
/// down; one stays at least.
///
/// # Errors
/// [`GraphError::Range`] if `share` is not from 0 to below 1.
pub fn prune(graph: &Graph, share: f32) -> Result<Pruned, GraphError> {
    if !(0.0..1.0).contains(&share) {
        return Err(GraphError::Range {
            what: "the share of channels that is left out",
            found: share.to_string(),
            expected: "from 0 to below 1",
        });
    }
    let folded = graph.simplified();
    let (mut narrow, mut layers) = (graph.clone(), Vec::new());
    for id in graph.ids() {
        let node = graph.node(id);
        let before = match node.layer() {
            Layer::Conv2D(conv) => conv.filters(),
            Layer::Dense(dense) => dense.units(),
            _ => continue,
        };
        let (channels, reason) = match narrow.free_channels(id) {
            Ok(channels) => {
                // A share of a count is below it.
                let count = (channels as f32 * share) as usize;
                let at_inference = folded
                    .find(node.name())
                    .map_or((graph, id), |id| (&folded, id));
                let left_out = smallest(at_inference, count);
                if !left_out.is_empty() {
                    narrow = narrow.without_channels(id, &left_out)?;
                }
                (channels - left_out.len(), None)
            }
            Err(error) => (before, Some(error.to_string())),
        };
        layers.push(PrunedLayer {
            name: node.name().to_owned(),
            kind: node.layer().kind(),
            before,
            channels,
            reason,
        });
    }
    Ok(Pruned {
        graph: narrow,
        layers,
    })
}

/// The `count` output channels of a layer with the smallest sums of magnitudes; of equals the
/// first.
fn smallest((graph, id): (&Graph, NodeId), count: usize) -> Vec<usize> {
    let Some(weighted) = Weighted::of(graph.node(id).layer()) else {
        return Vec::new();
    };
    let mut sums = vec![0.0_f64; weighted.outputs()];
    for (i, weight) in weighted.kernel.data().iter().enumerate() {
        sums[weighted.output_of(i)] += f64::from(weight.abs());
    }
    let mut channels: Vec<usize> = (0..sums.len()).collect();
    channels.sort_by(|&a, &b| sums[a].total_cmp(&sums[b]));
    channels.truncate(count);
    channels
}

#[cfg(test)]
mod tests {
    use gannet_graph::{BatchNormalization, Dense, Tensor, networks};

    use super::*;

    /// Half of 8, 4 and 64 channels; the 10 outputs stay. 4·25, 2·4·25, 72·32 + 32 and 320 + 10.
    #[test]
    fn half_of_the_small_network_by_hand() {
        let pruned = prune(&networks::mnist_small(), 0.5).unwrap();
        let channels: Vec<usize> = pruned.layers.iter().map(|layer| layer.channels).collect();
        assert_eq!(channels, [4, 2, 32, 10]);
        assert_eq!(pruned.graph.params(), 100 + 200 + (72 * 32 + 32) + 330);
        let reason = pruned.layers[3].reason.as_deref().unwrap();
        assert!(reason.contains("outputs"), "{reason}");
        assert!(prune(&networks::mnist_small(), 1.0).is_err());
    }

    /// Units of weights 3, 1 and 2, which normalization multiplies by 1, 9 and 1: the third is the
    /// smallest.
    #[test]
    fn the_smallest_at_inference_is_left_out() {
        let vector = |values: [f32; 3]| Tensor::new([3], values.to_vec()).unwrap();
        let mut graph = Graph::new("net", [1]).unwrap();
        let kernel = Tensor::new([1, 3], vec![3.0, 1.0, 2.0]).unwrap();
        graph
            .push("dense", Dense::new(kernel, None).unwrap())
            .unwrap();
        let norm = BatchNormalization::new(
            Some(vector([1.0, 9.0, 1.0])),
            None,
            vector([0.0; 3]),
            vector([1.0; 3]),
            1e-3,
        );
        graph.push("norm", norm.unwrap()).unwrap();
        graph.push("out", Dense::zeros(3, 1)).unwrap();
        let pruned = prune(&graph, 0.4).unwrap();
        let kernel = pruned.graph.weights().next().unwrap();
        assert_eq!(kernel, [3.0, 1.0]);
    }
}
