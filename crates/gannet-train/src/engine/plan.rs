//! A network as the steps that compute it: operators between slots of memory.
//!
//! In comes a [`Graph`] in normal form, out go steps in order, the size of each slot, where
//! each step's weights lie among all weights, and the network's last activation function,
//! which belongs to the [head](super::head).

use std::collections::HashSet;
use std::ops::Range;

use gannet_graph::{Function, Graph, Layer, Node, NodeId, Padding as Border, Shape, Window};

use super::activation;
use super::average_pool::AveragePool;
use super::backend::Backend;
use super::channelwise::{Scale, Slopes};
use super::convolution::Convolution;
use super::depthwise::Depthwise;
use super::gather::Gather;
use super::join::{Fold, Join};
use super::normalization::Normalization;
use super::operator::Operator;
use super::padding::Padding;
use super::pool::MaxPool;
use super::round::{self, Activations};
use super::route::Route;
use super::taps::Taps;

/// What a step does.
#[derive(Debug)]
pub enum Action {
    /// Reads one slot and writes another.
    Operate(Box<dyn Operator>),
    /// Applies a function, in place if nothing else needs the slot as it was.
    Activate {
        /// The function.
        function: Function,
        /// The innermost extent.
        channels: usize,
    },
    /// Normalizes by the statistics of the whole batch: in training all images have to come
    /// to this step before any goes on.
    Normalize(Normalization),
    /// Leaves values out in training.
    Drop {
        /// The share that is left out.
        rate: f32,
        /// Which of the network's dropout layers it is.
        layer: usize,
    },
    /// Makes one of several.
    Join(Join),
    /// Moves values to the steps of integers, in place.
    Round,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// The layer's name.
    pub name: String,
    /// What it does.
    pub action: Action,
    /// The slots that it reads.
    pub inputs: Vec<usize>,
    /// The slot that it writes.
    pub output: usize,
    /// Where its weights lie among all.
    pub weights: Range<usize>,
}

impl Step {
    /// Whether it changes its slot in place.
    pub fn is_in_place(&self) -> bool {
        self.inputs == [self.output]
    }

    /// How many elements it remembers of a chunk; `slots` are the slots' sizes.
    pub fn kept(&self, slots: &[usize]) -> usize {
        match &self.action {
            Action::Operate(operator) => operator.kept(),
            Action::Drop { .. } => slots[self.output],
            _ => 0,
        }
    }
}

/// The steps of one network.
#[derive(Debug)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// Elements of each slot; the first is the image.
    pub slots: Vec<usize>,
    /// The slot of the outputs.
    pub output: usize,
    /// What the head applies.
    pub function: Function,
    /// How many weights there are.
    pub weights: usize,
    /// The way of the gradients.
    pub route: Route,
}

impl Plan {
    /// The plan of `graph`.
    pub fn new(graph: &Graph, activations: Activations) -> Self {
        let graph = graph.normal_form();
        let mut draft = Draft::new(&graph);
        let mut first = 0;
        for id in graph.ids() {
            let node = graph.node(id);
            let weights = first..first + node.layer().params();
            first = weights.end;
            if draft.needed.contains(&id) {
                draft.push(&graph, id, weights);
                if activations == Activations::Rounded && round::is_kept(&graph, id) {
                    draft.push_round(graph.node(id));
                }
            } else {
                draft.places.push(0);
            }
        }
        let output = draft.places[graph.output().index()];
        let (function, output) = draft.give_last_function_to_head(output);
        let Draft { steps, slots, .. } = draft;
        Plan {
            route: Route::new(&steps, &slots, output),
            steps,
            slots,
            output,
            function,
            weights: graph.params(),
        }
    }

    /// Hands new weights to every step.
    pub fn load(&mut self, backend: Backend, weights: &[f32]) {
        for step in &mut self.steps {
            let own = &weights[step.weights.clone()];
            match &mut step.action {
                Action::Operate(operator) => operator.load(backend, own),
                Action::Normalize(normalization) => normalization.load(own),
                _ => {}
            }
        }
    }

    /// How many outputs there are.
    pub fn classes(&self) -> usize {
        self.slots[self.output]
    }

    /// The steps that normalize by the batch.
    pub fn normalizations(&self) -> impl DoubleEndedIterator<Item = (usize, &Normalization)> {
        let steps = self.steps.iter().enumerate();
        steps.filter_map(|(i, step)| match &step.action {
            Action::Normalize(normalization) => Some((i, normalization)),
            _ => None,
        })
    }
}

/// A plan in the making.
struct Draft {
    steps: Vec<Step>,
    slots: Vec<usize>,
    /// The slot of each node's output.
    places: Vec<usize>,
    /// The nodes on the way to the output.
    needed: HashSet<NodeId>,
    /// Those of them whose values are read more than once.
    shared: HashSet<NodeId>,
    dropouts: usize,
}

impl Draft {
    fn new(graph: &Graph) -> Self {
        let mut needed = HashSet::from([graph.output()]);
        let (mut read, mut shared) = (HashSet::new(), HashSet::new());
        // Each node stands behind its inputs, so one look from the end finds all.
        for id in graph.ids().rev() {
            if needed.contains(&id) {
                needed.extend(graph.node(id).inputs());
            }
        }
        for &id in &needed {
            if !is_view(graph.node(id).layer()) {
                for &input in graph.node(id).inputs() {
                    let source = unflattened(graph, input);
                    if !read.insert(source) {
                        shared.insert(source);
                    }
                }
            }
        }
        Draft {
            steps: Vec::new(),
            slots: Vec::new(),
            places: Vec::new(),
            needed,
            shared,
            dropouts: 0,
        }
    }

    fn push(&mut self, graph: &Graph, id: NodeId, weights: Range<usize>) {
        let node = graph.node(id);
        let inputs: Vec<usize> = node
            .inputs()
            .iter()
            .map(|id| self.places[id.index()])
            .collect();
        let Some(&input) = inputs.first() else {
            self.add_slot(node);
            return;
        };
        let shapes: Vec<&Shape> = node
            .inputs()
            .iter()
            .map(|&input| graph.node(input).output_shape())
            .collect();
        let Some(action) = self.action(node, &shapes) else {
            // The values stay where they are.
            self.places.push(input);
            return;
        };
        if self.may_be_in_place(&action, input, unflattened(graph, node.inputs()[0])) {
            self.places.push(input);
        } else {
            self.add_slot(node);
        }
        self.steps.push(Step {
            name: node.name().to_owned(),
            action,
            inputs,
            output: *self.places.last().expect("just pushed"),
            weights,
        });
    }

    /// Rounds what was computed last, for `node`.
    fn push_round(&mut self, node: &Node) {
        let slot = *self.places.last().expect("just pushed");
        self.steps.push(Step {
            name: node.name().to_owned(),
            action: Action::Round,
            inputs: vec![slot],
            output: slot,
            weights: 0..0,
        });
    }

    fn add_slot(&mut self, node: &Node) {
        self.places.push(self.slots.len());
        self.slots.push(node.output_shape().elements());
    }

    /// What the layer does; nothing if its output is its input.
    fn action(&mut self, node: &Node, inputs: &[&Shape]) -> Option<Action> {
        let (input, output) = (inputs[0], node.output_shape());
        let operator: Box<dyn Operator> = match node.layer() {
            Layer::Input(_) | Layer::Flatten(_) | Layer::Reshape(_) => return None,
            Layer::Activation(layer) => {
                return Some(Action::Activate {
                    function: layer.function,
                    channels: output.channels(),
                });
            }
            Layer::BatchNormalization(layer) => {
                return Some(Action::Normalize(Normalization::new(layer)));
            }
            Layer::Dropout(layer) => {
                self.dropouts += 1;
                return Some(Action::Drop {
                    rate: layer.rate(),
                    layer: self.dropouts - 1,
                });
            }
            Layer::Add(_) => return Some(Action::Join(Join::Add)),
            Layer::Concatenate(_) => {
                let channels = inputs.iter().map(|shape| shape.channels()).collect();
                return Some(Action::Join(Join::Concatenate(channels)));
            }
            Layer::Subtract(_) => return Some(Action::Join(Join::Fold(Fold::Subtract))),
            Layer::Multiply(_) => return Some(Action::Join(Join::Fold(Fold::Multiply))),
            Layer::Maximum(_) => return Some(Action::Join(Join::Fold(Fold::Maximum))),
            Layer::Minimum(_) => return Some(Action::Join(Join::Fold(Fold::Minimum))),
            Layer::Conv2D(layer) if layer.groups() > 1 || is_unusual(layer.window()) => {
                Box::new(Taps::conv(layer, input, output))
            }
            Layer::DepthwiseConv2D(layer) if is_unusual(layer.window()) => {
                Box::new(Taps::depthwise(layer, input, output))
            }
            Layer::Conv2DTranspose(layer) => Box::new(Taps::transposed(layer, input, output)),
            Layer::Conv2D(layer) => Box::new(Convolution::new(layer, input, output)),
            Layer::DepthwiseConv2D(layer) => Box::new(Depthwise::new(layer, input, output)),
            Layer::Dense(layer) => Box::new(Convolution::dense(layer)),
            Layer::MaxPool2D(layer) => Box::new(MaxPool::new(layer, input, output)),
            Layer::AveragePool2D(layer) => Box::new(AveragePool::new(layer, input, output)),
            Layer::GlobalAveragePool2D(_) => Box::new(AveragePool::global(input)),
            Layer::ZeroPadding2D(layer) => Box::new(Padding::new(layer, input, output)),
            Layer::GlobalMaxPool2D(_) => Box::new(MaxPool::global(input)),
            Layer::PReLU(layer) => Box::new(Slopes::new(layer, input)),
            Layer::Rescaling(layer) => Box::new(Scale::new(layer, input.channels())),
            Layer::Cropping2D(layer) => Box::new(Gather::cropping(layer, input, output)),
            Layer::UpSampling2D(layer) => Box::new(Gather::up_sampling(layer, input, output)),
            Layer::Permute(layer) => Box::new(Gather::permute(layer, input, output)),
        };
        Some(Action::Operate(operator))
    }

    /// A function's gradient is computed from its output, which a second function in the same
    /// place would take away. No other step needs its own output again.
    fn may_be_in_place(&self, action: &Action, input: usize, source: NodeId) -> bool {
        let Action::Activate { function, .. } = action else {
            return false;
        };
        let writer = self.steps.iter().rfind(|step| step.output == input);
        !activation::needs_input(*function)
            && !self.shared.contains(&source)
            && writer.is_some_and(|step| !matches!(step.action, Action::Activate { .. }))
    }

    /// The function, and the slot of the outputs after that.
    fn give_last_function_to_head(&mut self, output: usize) -> (Function, usize) {
        let Some(Step {
            action: Action::Activate { function, .. },
            inputs,
            ..
        }) = self.steps.last_mut()
        else {
            return (Function::Linear, output);
        };
        let function = std::mem::take(function);
        // What is left does nothing, or carries the values to a slot of their own.
        if *inputs == [output] {
            self.steps.pop();
        }
        (function, output)
    }
}

/// Whether a layer's values are its input's, where they lie.
fn is_view(layer: &Layer) -> bool {
    matches!(layer, Layer::Flatten(_) | Layer::Reshape(_))
}

/// Whether only [`Taps`] can do with such a window.
fn is_unusual(window: Window) -> bool {
    window.dilation() != [1, 1] || matches!(window.padding(), Border::Explicit { .. })
}

/// The node that computed the values of `id`.
fn unflattened(graph: &Graph, id: NodeId) -> NodeId {
    if is_view(graph.node(id).layer()) {
        return unflattened(graph, graph.node(id).inputs()[0]);
    }
    id
}
