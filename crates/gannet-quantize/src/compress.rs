//! A network of floats whose layers share few weights each.
//!
//! It stays a network of floats, of the same layers and speed of arithmetic; a compiler that
//! is told so stores the weights of such a layer by their places in a table
//! ([`SharedValues`](gannet_graph::SharedValues)).

use gannet_graph::{Graph, IndexBits, Layer};
use serde::Serialize;

use crate::cluster::clustered;

/// How much smaller the weights are to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// Each dense layer has 256 values: its weights are each read once an inference, so that it
    /// hardly takes longer.
    Low,
    /// Each dense layer has 16 values.
    Medium,
    /// Each dense layer and each convolution has 16 values. Those of a convolution are looked up
    /// again for every few pixels.
    High,
}

impl Compression {
    /// The bits of each weight of `layer`; `None` where its weights stay as they are. Depthwise
    /// convolutions are small, and those in groups are computed weight by weight.
    fn bits(self, layer: &Layer) -> Option<IndexBits> {
        match (self, layer) {
            (Compression::Low, Layer::Dense(_)) => Some(IndexBits::Eight),
            (_, Layer::Dense(_)) => Some(IndexBits::Four),
            (Compression::High, Layer::Conv2D(conv)) => {
                let is_plain = conv.groups() == 1 && conv.window().dilation() == [1, 1];
                is_plain.then_some(IndexBits::Four)
            }
            _ => None,
        }
    }
}

/// A network whose weights are shared, and which are.
#[derive(Debug, Clone)]
pub struct Compressed {
    /// The network, with normalization folded into its weights.
    pub graph: Graph,
    /// The layers whose weights were moved.
    pub layers: Vec<SharedLayer>,
}

/// A layer that shares its weights.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SharedLayer {
    /// Its name.
    pub name: String,
    /// Keras' class name.
    pub kind: &'static str,
    /// How many weights its kernel has.
    pub weights: usize,
    /// How many values it may have.
    pub values: usize,
    /// Root of the mean square by which weights were moved.
    pub moved: f64,
}

/// Lets the layers of `graph` share weights. A layer for which a table is not
/// [worth](IndexBits::is_worth) its bytes is left as it is. All weights are finite, or the
/// compiler refuses the network.
pub fn compress(graph: &Graph, compression: Compression) -> Compressed {
    let mut graph = graph.simplified();
    let mut layers = Vec::new();
    for id in graph.ids() {
        let node = graph.node(id);
        let Some(bits) = compression.bits(node.layer()) else {
            continue;
        };
        let (name, kind) = (node.name().to_owned(), node.layer().kind());
        let weights = node.layer().weights();
        let is_kernel: Vec<bool> = weights.iter().map(|w| w.name == "kernel").collect();
        let mutable = graph.node_weights_mut(id).into_iter().zip(is_kernel);
        for (weights, _) in mutable.filter(|(_, is_kernel)| *is_kernel) {
            let values = bits.most_values();
            let are_finite = weights.iter().all(|weight| weight.is_finite());
            if !are_finite || !bits.is_worth(weights.len(), values) {
                continue;
            }
            let shared = clustered(weights, values);
            layers.push(SharedLayer {
                name: name.clone(),
                kind,
                weights: weights.len(),
                values,
                moved: root_mean_square(weights, &shared),
            });
            weights.copy_from_slice(&shared);
        }
    }
    Compressed { graph, layers }
}

fn root_mean_square(before: &[f32], behind: &[f32]) -> f64 {
    let moved = before.iter().zip(behind);
    let squares = moved.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
    (squares.sum::<f64>() / before.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use gannet_graph::{SharedValues, networks};

    use super::*;

    fn network() -> Graph {
        let mut graph = networks::mnist_small();
        for (i, weight) in graph.weights_mut().flatten().enumerate() {
            // No two are equal within a kernel.
            *weight = (i * 7_919 % 10_007) as f32 / 10_007.0 - 0.5;
        }
        graph
    }

    /// The values of each kernel of the network: two convolutions, two dense layers.
    fn values(compression: Compression) -> Vec<usize> {
        let compressed = compress(&network(), compression);
        let kernels = compressed.graph.nodes().iter();
        kernels
            .filter_map(|node| {
                let weights = node.layer().weights();
                let kernel = weights.iter().find(|weight| weight.name == "kernel")?;
                let shared = SharedValues::of(kernel.tensor.data());
                Some(shared.map_or(0, |shared| shared.values().len()))
            })
            .collect()
    }

    /// 200 weights of 16 values: 100 + 64 bytes, not 800.
    #[test]
    fn each_level_takes_its_layers() {
        assert_eq!(values(Compression::Low), [0, 0, 256, 256]);
        assert_eq!(values(Compression::Medium), [0, 0, 16, 16]);
        assert_eq!(values(Compression::High), [16, 16, 16, 16]);
    }

    #[test]
    fn what_is_compressed_stays_so() {
        let once = compress(&network(), Compression::High).graph;
        assert_eq!(compress(&once, Compression::High).graph, once);
    }
}
