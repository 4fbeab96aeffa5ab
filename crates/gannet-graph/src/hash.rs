//! A network's identity: the SHA-256 of all that decides what it computes.
//!
//! Names of layers and training's penalties are left out: two files that compute the same
//! from the same weights in the same order are one network.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{
    Graph, QuantizedGraph,
    quantized::{Constants, End},
};

/// SHA-256 over kinds, attributes, wiring and weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GraphHash([u8; 32]);

impl GraphHash {
    /// All 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first eight bytes: what travels on the wire and stands in generated code.
    pub fn short(&self) -> [u8; 8] {
        std::array::from_fn(|i| self.0[i])
    }
}

impl fmt::Display for GraphHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Graph {
    /// The network's identity.
    pub fn hash(&self) -> GraphHash {
        let mut hash = Sha256::new();
        // Every field ends in a zero byte, so that no two networks give the same stream.
        let mut field = |text: &str| {
            hash.update(text.as_bytes());
            hash.update([0]);
        };
        for node in self.nodes() {
            field(node.layer().kind());
            node.inputs()
                .iter()
                .for_each(|id| field(&id.index().to_string()));
            for (name, value) in node.layer().attributes() {
                field(name);
                field(&value);
            }
        }
        for values in self.weights() {
            values
                .iter()
                .for_each(|value| hash.update(value.to_bits().to_le_bytes()));
        }
        GraphHash(hash.finalize().into())
    }
}

impl QuantizedGraph {
    /// The network's identity: quantizations and scales count as well.
    pub fn hash(&self) -> GraphHash {
        let mut hash = Sha256::new();
        let mut field = |text: &str| {
            hash.update(text.as_bytes());
            hash.update([0]);
        };
        for end in [self.input_end, self.output_end] {
            field(match end {
                End::Integers => "integers",
                End::Floats => "floats",
            });
        }
        for node in self.nodes() {
            field(node.layer().kind());
            node.inputs()
                .iter()
                .for_each(|id| field(&id.index().to_string()));
            // A float's shortest decimal form tells it from every other.
            field(&node.output().to_string());
            for (name, value) in node.layer().attributes() {
                field(name);
                field(&value);
            }
        }
        for weight in self.nodes().iter().flat_map(|node| node.layer().weights()) {
            for scale in weight.scales {
                hash.update(scale.to_bits().to_le_bytes());
            }
            match weight.values {
                Constants::I2(values) | Constants::I4(values) | Constants::I8(values) => values
                    .iter()
                    .for_each(|value| hash.update(value.to_le_bytes())),
                Constants::I32(values) => values
                    .iter()
                    .for_each(|value| hash.update(value.to_le_bytes())),
                Constants::I64(values) => values
                    .iter()
                    .for_each(|value| hash.update(value.to_le_bytes())),
            }
        }
        GraphHash(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use crate::networks;

    #[test]
    fn one_bit_of_one_weight_is_another_network() {
        let graph = networks::mnist_small();
        let mut other = graph.clone();
        assert_eq!(graph.hash(), other.hash());
        let weight = &mut other.weights_mut().nth(1).unwrap()[7];
        *weight = f32::from_bits(weight.to_bits() ^ 1);
        assert_ne!(graph.hash(), other.hash());
    }
}
