//! Who reads which value.

use std::collections::HashMap;

use super::schema;

/// The nodes that read each value, and which values leave the network.
#[derive(Debug)]
pub(super) struct Readers<'a> {
    nodes: HashMap<&'a str, Vec<&'a schema::Node>>,
    outputs: Vec<&'a str>,
}

impl<'a> Readers<'a> {
    /// The readers in a graph.
    pub fn of(graph: &'a schema::Graph) -> Self {
        let mut nodes: HashMap<&str, Vec<&schema::Node>> = HashMap::new();
        for node in &graph.node {
            for input in &node.input {
                nodes.entry(input).or_default().push(node);
            }
        }
        let outputs = graph.output.iter().map(|output| output.name.as_str());
        Readers {
            nodes,
            outputs: outputs.collect(),
        }
    }

    /// Whether anybody reads `value`.
    pub fn is_read(&self, value: &str) -> bool {
        self.nodes.contains_key(value) || self.outputs.contains(&value)
    }

    /// The one node that reads `value`, if nothing else does.
    pub fn only(&self, value: &str) -> Option<&'a schema::Node> {
        match self.nodes.get(value)?.as_slice() {
            &[node] if !self.outputs.contains(&value) => Some(node),
            _ => None,
        }
    }
}
