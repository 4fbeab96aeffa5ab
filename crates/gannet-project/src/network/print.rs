//! From a graph to the `[network]` part of a file. Weights are left out.

use gannet_graph::{Arity, Graph};

use super::entry::Entry;
use super::kinds;
use super::names::Names;

/// `graph` as the `[network]` part of a project file: read again, it gives the same layers
/// with the same names and wiring, and weights of zero.
pub fn network_text(graph: &Graph) -> String {
    let mut text = String::from("[network]\nlayers = [\n");
    let mut names = Names::default();
    let mut before = None;
    for id in graph.ids() {
        let node = graph.node(id);
        let mut entry = Entry::default();
        let kind = node.layer().kind();
        entry.put_text("kind", kind);
        kinds::write(node.layer(), &mut entry);
        if node.name() != names.free(kind) {
            entry.put_text("name", node.name());
        }
        let inputs: Vec<&str> = node
            .inputs()
            .iter()
            .map(|&input| graph.node(input).name())
            .collect();
        match (node.layer().arity(), &inputs[..]) {
            (Arity::None, _) => {}
            (_, &[input]) if before == Some(input) => {}
            (_, &[input]) => entry.put_text("from", input),
            _ => entry.put("from", toml::Value::from(inputs)),
        }
        names.take(node.name());
        before = Some(node.name());
        text.push_str(&format!("  {},\n", entry.into_text()));
    }
    text.push_str("]\n");
    text
}
