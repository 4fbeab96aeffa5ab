//! The graph that an import builds: layers go in by ONNX's names, and a tensor is brought
//! into the shape and order that a layer asks for, by moving numbers only where there is no
//! other way.

use std::collections::{HashMap, HashSet};

use gannet_graph::{Flatten, Function, Graph, GraphError, Layer, NodeId, Permute, Reshape};

use super::view::View;

/// More layers than any network for a microcontroller has.
const MOST_LAYERS: usize = 4096;

/// A value that is computed when the network runs.
#[derive(Debug, Clone)]
pub(super) struct Activation {
    /// The node that gives it.
    pub node: NodeId,
    /// ONNX's axes over what the node gives.
    pub view: View,
}

/// Why a layer cannot be added.
#[derive(Debug)]
pub(super) enum Unbuilt {
    /// It does not suit its inputs.
    Layer(GraphError),
    /// There are too many layers.
    Many,
}

impl From<GraphError> for Unbuilt {
    fn from(error: GraphError) -> Self {
        Unbuilt::Layer(error)
    }
}

/// A graph under construction.
#[derive(Debug)]
pub(super) struct Network {
    graph: Graph,
    names: Names,
    /// How often numbers change their order at run time.
    moves: usize,
    /// How often a tensor gets another shape that is no vector.
    reshapes: usize,
    /// What was reshaped already.
    reshaped: HashMap<(NodeId, Vec<usize>), NodeId>,
    /// What a file calls the vector of a node's values.
    vectors: HashMap<NodeId, String>,
    /// Values of nodes whose work a layer before them does.
    absorbed: HashSet<String>,
}

impl Network {
    /// A network of nothing but an input.
    pub fn new(graph: Graph) -> Self {
        let input = graph.nodes()[0].name().to_owned();
        Network {
            graph,
            names: Names {
                taken: HashSet::from([input]),
                next: HashMap::new(),
            },
            moves: 0,
            reshapes: 0,
            reshaped: HashMap::new(),
            vectors: HashMap::new(),
            absorbed: HashSet::new(),
        }
    }

    /// How often numbers change their order at run time.
    pub fn moves(&self) -> usize {
        self.moves
    }

    /// How often a tensor gets another shape that is no vector.
    pub fn reshapes(&self) -> usize {
        self.reshapes
    }

    /// Adds a layer under `name`, or a name like it if that is taken.
    pub fn add(
        &mut self,
        name: &str,
        layer: impl Into<Layer>,
        inputs: &[NodeId],
    ) -> Result<NodeId, Unbuilt> {
        if self.graph.nodes().len() >= MOST_LAYERS {
            return Err(Unbuilt::Many);
        }
        let name = self.names.free(name);
        Ok(self.graph.add(name, layer, inputs)?)
    }

    /// Notes that a layer gives what the node of `value` would.
    pub fn absorb(&mut self, value: &str) {
        self.absorbed.insert(value.to_owned());
    }

    /// Whether a layer gives what the node of `value` would.
    pub fn is_absorbed(&self, value: &str) -> bool {
        self.absorbed.contains(value)
    }

    /// The name of a node.
    pub fn name(&self, node: NodeId) -> &str {
        self.graph.node(node).name()
    }

    /// The extents of what a node gives.
    pub fn dims(&self, node: NodeId) -> &[usize] {
        self.graph.node(node).output_shape().dims()
    }

    /// The function that `node` is of `input`.
    pub fn function_of(&self, node: NodeId, input: NodeId) -> Option<Function> {
        let node = self.graph.node(node);
        match node.layer() {
            Layer::Activation(layer) if node.inputs() == [input] => Some(layer.function),
            _ => None,
        }
    }

    /// What `node` multiplies and by what numbers, if that is all that it does.
    pub fn pure_scale(&self, node: NodeId) -> Option<(NodeId, Vec<f32>)> {
        let node = self.graph.node(node);
        match node.layer() {
            Layer::Rescaling(layer) if layer.offset() == [0.0] => {
                Some((node.inputs()[0], layer.scale().to_vec()))
            }
            _ => None,
        }
    }

    /// The same numbers in the same order under the extents `dims`.
    pub fn shaped(&mut self, node: NodeId, dims: &[usize]) -> Result<NodeId, Unbuilt> {
        let source = self.unshaped(node);
        for known in [node, source] {
            if self.dims(known) == dims {
                return Ok(known);
            }
        }
        let key = (source, dims.to_vec());
        if let Some(&known) = self.reshaped.get(&key) {
            return Ok(known);
        }
        let shaped = match dims {
            [_] => {
                let name = self.vectors.get(&source).cloned();
                self.add(name.as_deref().unwrap_or("flatten"), Flatten, &[source])?
            }
            _ => {
                self.reshapes += 1;
                self.add("reshape", Reshape::new(dims.to_vec()), &[source])?
            }
        };
        self.reshaped.insert(key, shaped);
        Ok(shaped)
    }

    /// Notes that a file calls the vector of the node's values `name`, should it be needed.
    pub fn call_vector(&mut self, node: NodeId, name: &str) {
        let source = self.unshaped(node);
        self.vectors
            .entry(source)
            .or_insert_with(|| name.to_owned());
    }

    /// What a node only gives another shape to.
    fn unshaped(&self, node: NodeId) -> NodeId {
        match self.graph.node(node).layer() {
            Layer::Flatten(_) | Layer::Reshape(_) => self.graph.node(node).inputs()[0],
            _ => node,
        }
    }

    /// A node that gives the value as a tensor of `groups.len()` extents, each of which runs
    /// over the factors of its group in the order in which it names them. Every factor is in
    /// one group.
    pub fn arranged(
        &mut self,
        value: &Activation,
        groups: &[Vec<usize>],
    ) -> Result<NodeId, Unbuilt> {
        let dims: Vec<usize> = groups.iter().map(|group| value.view.size(group)).collect();
        let ordered = self.ordered(value, &groups.concat())?;
        self.shaped(ordered.node, &dims)
    }

    /// The value with its memory in the order in which `order` names the factors.
    pub fn ordered(&mut self, value: &Activation, order: &[usize]) -> Result<Activation, Unbuilt> {
        if order.is_sorted() {
            return Ok(value.clone());
        }
        Ok(Activation {
            node: self.permuted(value, order)?,
            view: value.view.moved(order),
        })
    }

    /// A node that gives the value with its memory in another order.
    fn permuted(&mut self, value: &Activation, order: &[usize]) -> Result<NodeId, Unbuilt> {
        self.moves += 1;
        let factors = value.view.factors();
        if self.dims(value.node) == factors {
            return self.add("permute", Permute::new(order.to_vec())?, &[value.node]);
        }
        // Factors that stay side by side move as one.
        let mut runs: Vec<Vec<usize>> = Vec::new();
        for &factor in order {
            match runs.last_mut() {
                Some(run) if run.last().is_some_and(|last| last + 1 == factor) => run.push(factor),
                _ => runs.push(vec![factor]),
            }
        }
        let mut sorted: Vec<usize> = (0..runs.len()).collect();
        sorted.sort_by_key(|&run| runs[run][0]);
        let dims: Vec<usize> = sorted
            .iter()
            .map(|&run| value.view.size(&runs[run]))
            .collect();
        let mut places = vec![0; runs.len()];
        for (place, &run) in sorted.iter().enumerate() {
            places[run] = place;
        }
        let apart = self.shaped(value.node, &dims)?;
        self.add("permute", Permute::new(places)?, &[apart])
    }

    /// Nodes that give the values as vectors or images over the axes of `order`, which are
    /// all but the batch's.
    pub fn aligned(
        &mut self,
        values: &[Activation],
        order: &[usize],
    ) -> Result<Vec<NodeId>, Unbuilt> {
        let mut nodes = Vec::new();
        for value in values {
            let groups = order.iter().map(|&axis| value.view.factors_of(&[axis]));
            let mut groups: Vec<Vec<usize>> = groups.map(Option::unwrap_or_default).collect();
            // Outer axes are one where there are more than an image has.
            while groups.len() > 3 {
                let second = groups.remove(1);
                groups[0].extend(second);
            }
            if groups.len() == 2 {
                groups.insert(0, Vec::new());
            }
            nodes.push(self.arranged(value, &groups)?);
        }
        Ok(nodes)
    }

    /// The value with the factors of `axes` innermost in the memory, in whatever order they
    /// are there, as a tensor whose innermost extent is their product.
    pub fn innermost(
        &mut self,
        value: &Activation,
        factors: &[usize],
    ) -> Result<Activation, Unbuilt> {
        let all = 0..value.view.factors().len();
        let (inner, outer): (Vec<usize>, Vec<usize>) =
            all.partition(|factor| factors.contains(factor));
        let first = outer.len();
        let ordered = self.ordered(value, &[outer, inner].concat())?;
        self.with_channels(&ordered, first)
    }

    /// The value as a tensor whose innermost extent is the product of the factors from
    /// `first` on.
    pub fn with_channels(
        &mut self,
        value: &Activation,
        first: usize,
    ) -> Result<Activation, Unbuilt> {
        let (outer, inner) = value.view.factors().split_at(first);
        let channels: usize = inner.iter().product();
        if self.dims(value.node).last() == Some(&channels) {
            return Ok(value.clone());
        }
        let dims = match outer {
            [] => vec![channels],
            [rows @ .., columns] => vec![rows.iter().product(), *columns, channels],
        };
        Ok(Activation {
            node: self.shaped(value.node, &dims)?,
            view: value.view.clone(),
        })
    }

    /// The graph whose output is `value`, without what it does not need, and the view of
    /// what it gives.
    pub fn finish(mut self, value: &Activation) -> Result<(Graph, View), Unbuilt> {
        let value = if value.view.is_channels_last() || value.view.order().is_sorted() {
            value.clone()
        } else {
            self.ordered(value, &value.view.order())?
        };
        let node = match value.view.rank() {
            0..=2 => self.shaped(value.node, &[value.view.factors().iter().product()])?,
            _ => value.node,
        };
        Ok((needed(&self.graph, node)?, value.view))
    }
}

/// The names that layers have, so that thousands of one name do not take long.
#[derive(Debug)]
struct Names {
    taken: HashSet<String>,
    /// For each name that was taken when it was asked for, the number that is tried next.
    next: HashMap<String, usize>,
}

impl Names {
    /// `base`, or the first of `base_1`, `base_2`, … that is not taken; it is now.
    fn free(&mut self, base: &str) -> String {
        if self.taken.insert(base.to_owned()) {
            return base.to_owned();
        }
        let next = self.next.entry(base.to_owned()).or_insert(1);
        loop {
            let name = format!("{base}_{next}");
            *next += 1;
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// The part of `graph` that `output` needs.
fn needed(graph: &Graph, output: NodeId) -> Result<Graph, GraphError> {
    let mut is_needed = vec![false; graph.nodes().len()];
    is_needed[output.index()] = true;
    for id in graph.ids().rev().filter(|&id| id <= output) {
        if is_needed[id.index()] {
            for input in graph.node(id).inputs() {
                is_needed[input.index()] = true;
            }
        }
    }
    let input = &graph.nodes()[0];
    let mut part = Graph::with_input(graph.name(), input.name(), input.output_shape().clone())?;
    let mut places: Vec<NodeId> = vec![part.output(); graph.nodes().len()];
    for id in graph.ids().skip(1).filter(|id| is_needed[id.index()]) {
        let node = graph.node(id);
        let inputs: Vec<NodeId> = node.inputs().iter().map(|id| places[id.index()]).collect();
        places[id.index()] = part.add(node.name(), node.layer().clone(), &inputs)?;
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted() {
        let mut names = Names {
            taken: HashSet::from(["a_1".to_owned()]),
            next: HashMap::new(),
        };
        let found: Vec<String> = (0..3).map(|_| names.free("a")).collect();
        assert_eq!(found, ["a", "a_2", "a_3"]);
    }
}
