//! A network as the steps that compute it: operators between slots of memory.
//!
//! In comes a [`Graph`] in normal form, out go steps in order, the size of each slot, where
//! each step's weights lie among all weights, and the network's last activation function,
//! which belongs to the [head](super::head).

use std::ops::Range;

use gannet_graph::{Function, Graph, Layer, NodeId};

use super::backend::Backend;
use super::convolution::Convolution;
use super::operator::Operator;
use super::pool::MaxPool;

/// What a step does.
#[derive(Debug)]
pub enum Action {
    /// Reads one slot and writes another.
    Operate(Box<dyn Operator>),
    /// Applies a function, in place if the slot is not needed as it was.
    Activate {
        /// The function.
        function: Function,
        /// The innermost extent.
        channels: usize,
    },
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// The layer's name.
    pub name: String,
    /// What it does.
    pub action: Action,
    /// The slot that it reads.
    pub input: usize,
    /// The slot that it writes.
    pub output: usize,
    /// Where its weights lie among all.
    pub weights: Range<usize>,
}

/// The steps of one network.
#[derive(Debug)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// Elements of each slot; the first is the image, the last the outputs.
    pub slots: Vec<usize>,
    /// What the head applies.
    pub function: Function,
    /// How many weights there are.
    pub weights: usize,
}

impl Plan {
    /// The plan of `graph`.
    pub fn new(graph: &Graph) -> Self {
        let graph = graph.normal_form();
        let ids: Vec<NodeId> = graph.ids().collect();
        let mut weights_before = vec![0];
        for node in graph.nodes() {
            weights_before.push(weights_before.last().expect("not empty") + node.layer().params());
        }
        let mut plan = Plan {
            steps: Vec::new(),
            slots: vec![graph.input_shape().elements()],
            function: Function::Linear,
            weights: graph.params(),
        };
        for id in chain(&graph) {
            let place = ids
                .iter()
                .position(|&other| other == id)
                .expect("a node of the graph");
            plan.push(&graph, id, weights_before[place]..weights_before[place + 1]);
        }
        plan.give_last_function_to_head();
        plan
    }

    fn give_last_function_to_head(&mut self) {
        let Some(Step {
            action: Action::Activate { function, .. },
            input,
            output,
            ..
        }) = self.steps.last_mut()
        else {
            return;
        };
        self.function = std::mem::take(function);
        // What is left does nothing, or carries the values to a slot of their own.
        if input == output {
            self.steps.pop();
        }
    }

    /// Hands new weights to every step.
    pub fn load(&mut self, backend: Backend, weights: &[f32]) {
        for step in &mut self.steps {
            if let Action::Operate(operator) = &mut step.action {
                operator.load(backend, &weights[step.weights.clone()]);
            }
        }
    }

    /// How many outputs there are.
    pub fn classes(&self) -> usize {
        *self.slots.last().expect("there is an input slot")
    }

    /// Whether anything before that step learns, so that its input needs a gradient.
    pub fn learns_before(&self, step: usize) -> bool {
        self.steps[..step]
            .iter()
            .any(|step| !step.weights.is_empty())
    }

    fn push(&mut self, graph: &Graph, id: NodeId, weights: Range<usize>) {
        let node = graph.node(id);
        let output = node.output_shape();
        let input = node
            .inputs()
            .first()
            .map(|&input| graph.node(input).output_shape());
        let Some(input) = input else { return };
        let action = match node.layer() {
            // The values stay where they are.
            Layer::Input(_) | Layer::Flatten(_) => return,
            Layer::Activation(layer) => Action::Activate {
                function: layer.function,
                channels: output.channels(),
            },
            Layer::Conv2D(layer) => {
                Action::Operate(Box::new(Convolution::new(layer, input, output)))
            }
            Layer::Dense(layer) => Action::Operate(Box::new(Convolution::dense(layer))),
            Layer::MaxPool2D(layer) => {
                Action::Operate(Box::new(MaxPool::new(layer, input, output)))
            }
        };
        let last = self.slots.len() - 1;
        // A function's gradient is computed from its output, which a second function in the
        // same place would take away. No operator needs its own output again.
        let activates = |action: &Action| matches!(action, Action::Activate { .. });
        let keeps = self.steps.last().is_none_or(|step| activates(&step.action));
        if keeps || !activates(&action) {
            self.slots.push(output.elements());
        }
        self.steps.push(Step {
            name: node.name().to_owned(),
            action,
            input: last,
            output: self.slots.len() - 1,
            weights,
        });
    }
}

/// The nodes on the way from the input to the output. Every kind has one input, so that the
/// way is a chain; nodes beside it do not count.
fn chain(graph: &Graph) -> Vec<NodeId> {
    let mut way = vec![graph.output()];
    while let Some(&before) = graph.node(way[way.len() - 1]).inputs().first() {
        way.push(before);
    }
    way.reverse();
    way
}
