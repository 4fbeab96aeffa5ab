//! What a network costs: parameters, multiply-accumulates, weights and working memory, layer
//! by layer, and whether that fits a device.
//!
//! Counted twice where ST counts differently: our own figures are those of the Program that
//! is generated; [`StReading`] is what X-CUBE-AI prints for the same network.

use gannet_graph::{Arity, Function, Graph, Layer, Node, NodeId, Window};
use gannet_target::Core;
use serde::Serialize;

use crate::cost;
use crate::fuse::{self, Group};
use crate::ir::{BufferId, Element, Program, Stage, Storage};

/// The cost of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Analysis {
    /// The network's name.
    pub network: String,
    /// How many weights there are.
    pub params: usize,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Operations of one inference by ST's rule.
    pub macc_st: u64,
    /// Constants that the generated code carries.
    pub weights_bytes: usize,
    /// The arena: input, output and all that lies between them; and counters, where the input
    /// comes a row at a time.
    pub activations_bytes: usize,
    /// What every plan for this schedule needs at least.
    pub activations_lower_bound_bytes: usize,
    /// The same network by ST's way of counting.
    pub st: StReading,
    /// Cycles of one inference on the core, estimated from the Program's operations; not known
    /// for cores without floating point.
    pub estimated_cycles: Option<u64>,
    /// Layer by layer, in order.
    pub layers: Vec<LayerCost>,
}

/// What X-CUBE-AI prints for a network in `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StReading {
    /// All weights, and a zero bias for each filter that has none.
    pub weights_bytes: usize,
    /// Input and output, and the largest pair of neighbouring tensors between them together
    /// with the rows that a pooling window spans.
    pub activations_bytes: usize,
}

/// The cost of one layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerCost {
    /// The layer's name.
    pub name: String,
    /// Keras' class name.
    pub kind: &'static str,
    /// The shape that it gives.
    pub output_shape: Vec<usize>,
    /// How many weights it has.
    pub params: usize,
    /// Its multiply-accumulates.
    pub macs: u64,
    /// The constants that it needs.
    pub weights_bytes: usize,
    /// What is alive in the arena while it is computed.
    pub activations_bytes: usize,
    /// Estimated cycles of the stages that begin with it; those of fused layers are the first's.
    pub estimated_cycles: Option<u64>,
    /// The stage that computes it; layers of one stage are fused.
    pub stage: Option<String>,
}

/// What a network may take: all that a device has, or less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Who sets them, as the subject of a sentence: "nucleo-f446re has", "the budget allows".
    pub given_by: String,
    /// Flash.
    pub flash_bytes: usize,
    /// RAM.
    pub ram_bytes: usize,
    /// Cycles of one inference, if they are limited.
    pub cycles: Option<u64>,
}

/// A limit that is not kept, and the layer to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error(
    "layer '{layer}' ({kind}) breaks the limit: {what} {needed} {unit}, but {given_by} {limit}, {} fewer. {advice}",
    .needed - .limit
)]
pub struct Misfit {
    /// The layer that needs most.
    pub layer: String,
    /// Its kind.
    pub kind: &'static str,
    /// What is needed, as the subject of a sentence.
    pub what: &'static str,
    /// "bytes of flash", "bytes of RAM" or "cycles".
    pub unit: &'static str,
    /// How much is needed.
    pub needed: u64,
    /// How much there is.
    pub limit: u64,
    /// Who sets the limit.
    pub given_by: String,
    /// What can be done.
    pub advice: &'static str,
}

impl Analysis {
    /// The cost on `core` of `graph`, of which `program` was compiled.
    pub fn new(graph: &Graph, program: &Program, core: Core) -> Self {
        let cycles = cost::estimated_cycles(program, core, cost::Compiler::Rustc);
        let layers = graph
            .ids()
            .skip(1)
            .map(|id| {
                let mut layer = layer_cost(graph, program, id);
                layer.estimated_cycles = cycles
                    .as_ref()
                    .map(|cycles| cycles_of(program, cycles, &layer.name));
                layer
            })
            .collect();
        Analysis {
            network: graph.name().to_owned(),
            params: graph.params(),
            macs: graph.macs(),
            macc_st: macc_st(graph),
            weights_bytes: program.constant_bytes(),
            activations_bytes: program.ram_bytes(),
            activations_lower_bound_bytes: program.arena_lower_bound(),
            st: StReading::of(graph),
            estimated_cycles: cycles.map(|cycles| cycles.iter().sum()),
            layers,
        }
    }

    /// All limits that weights, activations and estimated cycles do not keep; none if the
    /// network fits. Code and stack come on top of weights and activations.
    pub fn misfits(&self, limits: &Limits) -> Vec<Misfit> {
        [
            self.too_much_ram(limits),
            self.too_much_flash(limits),
            self.too_many_cycles(limits),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn too_much_ram(&self, limits: &Limits) -> Option<Misfit> {
        let limit = limits.ram_bytes;
        if self.activations_bytes <= limit {
            return None;
        }
        // The first layer that is too much; if only the plan as a whole is, the largest.
        let first = self.layers.iter().find(|l| l.activations_bytes > limit);
        let (layer, needed) = match first {
            Some(layer) => (layer, layer.activations_bytes),
            None => (
                self.largest(|layer| layer.activations_bytes as u64)?,
                self.activations_bytes,
            ),
        };
        Some(Misfit {
            layer: layer.name.clone(),
            kind: layer.kind,
            what: "the activations while it is computed need",
            unit: "bytes of RAM",
            needed: needed as u64,
            limit: limit as u64,
            given_by: limits.given_by.clone(),
            advice: "Fewer filters, a stride, or a pooling layer directly behind it make them smaller",
        })
    }

    fn too_much_flash(&self, limits: &Limits) -> Option<Misfit> {
        if self.weights_bytes <= limits.flash_bytes {
            return None;
        }
        let layer = self.largest(|layer| layer.weights_bytes as u64)?;
        Some(Misfit {
            layer: layer.name.clone(),
            kind: layer.kind,
            what: "the weights of the network, of which it has most, need",
            unit: "bytes of flash",
            needed: self.weights_bytes as u64,
            limit: limits.flash_bytes as u64,
            given_by: limits.given_by.clone(),
            advice: "Fewer units or filters, or a smaller input to it, make them fewer; \
                     `gannet quantize` makes them a quarter",
        })
    }

    fn too_many_cycles(&self, limits: &Limits) -> Option<Misfit> {
        let (needed, limit) = (self.estimated_cycles?, limits.cycles?);
        if needed <= limit {
            return None;
        }
        let layer = self.largest(|layer| layer.estimated_cycles.unwrap_or(0))?;
        Some(Misfit {
            layer: layer.name.clone(),
            kind: layer.kind,
            what: "one inference, of which it is the longest part, takes an estimated",
            unit: "cycles",
            needed,
            limit,
            given_by: limits.given_by.clone(),
            advice: "Fewer filters, or a stride or pooling layer before it, make them fewer",
        })
    }

    /// The layer that has most; of equals the first, as a stage's work is in its first layer.
    fn largest(&self, of: impl Fn(&LayerCost) -> u64) -> Option<&LayerCost> {
        self.layers.iter().rev().max_by_key(|layer| of(layer))
    }
}

/// The cycles of the stages that begin with `layer`.
fn cycles_of(program: &Program, cycles: &[u64], layer: &str) -> u64 {
    let stages = program.stages().iter().zip(cycles);
    stages
        .filter(|(stage, _)| stage.layers.first().is_some_and(|first| first == layer))
        .map(|(_, cycles)| cycles)
        .sum()
}

fn layer_cost(graph: &Graph, program: &Program, id: NodeId) -> LayerCost {
    let node = graph.node(id);
    let stages: Vec<&Stage> = (program.stages().iter())
        .filter(|stage| stage.layers.iter().any(|layer| layer == node.name()))
        .collect();
    let alive = |step: usize| {
        let slots = program.slots().iter();
        slots
            .filter(|slot| slot.first <= step && step <= slot.last)
            .map(|slot| slot.bytes)
            .sum()
    };
    LayerCost {
        name: node.name().to_owned(),
        kind: node.layer().kind(),
        output_shape: node.output_shape().dims().to_vec(),
        params: node.layer().params(),
        macs: graph.node_macs(id),
        // A group's constants are those of its one layer with weights.
        weights_bytes: match node.layer().params() {
            0 => 0,
            _ => constants_of(program, &stages),
        },
        activations_bytes: program.step_of(node.name()).map_or(0, alive),
        estimated_cycles: None,
        stage: stages.last().map(|stage| stage.name.clone()),
    }
}

fn constants_of(program: &Program, stages: &[&Stage]) -> usize {
    let mut used: Vec<BufferId> = stages.iter().flat_map(|stage| stage.buffers()).collect();
    used.sort_unstable();
    used.dedup();
    used.into_iter()
        .map(|id| program.buffer(id))
        .filter(|buffer| matches!(buffer.storage, Storage::Constant(_)))
        .map(|buffer| buffer.bytes())
        .sum()
}

/// ST's MACC: products and biases of layers with weights, 1 for a ReLU, the window's extent for
/// each pooled value, 10 for each sigmoid and 15 for each softmax value. What ST's figures for
/// the layers of the analysis tests do not tell is counted by its additions and products.
fn macc_st(graph: &Graph) -> u64 {
    let normal = graph.normal_form();
    let of_node = |id: NodeId| {
        let node = normal.node(id);
        let elements = node.output_shape().elements();
        let input_elements = || normal.node(node.inputs()[0]).output_shape().elements();
        let area = |window: &Window| window.kernel().iter().product::<usize>();
        let own = match node.layer() {
            Layer::Conv2D(conv) => conv.filters(),
            Layer::DepthwiseConv2D(conv) => conv.outputs(),
            Layer::Conv2DTranspose(_) => elements,
            Layer::Dense(dense) => dense.units(),
            Layer::MaxPool2D(pool) => elements * area(&pool.window),
            Layer::AveragePool2D(pool) => elements * area(&pool.window),
            Layer::GlobalAveragePool2D(_) | Layer::GlobalMaxPool2D(_) => input_elements(),
            Layer::BatchNormalization(_) | Layer::Rescaling(_) => 2 * elements,
            Layer::PReLU(_) => elements,
            Layer::Add(_)
            | Layer::Subtract(_)
            | Layer::Multiply(_)
            | Layer::Maximum(_)
            | Layer::Minimum(_) => elements * (node.inputs().len() - 1),
            Layer::Activation(activation) => match activation.function {
                Function::Linear => 0,
                Function::Relu
                | Function::Relu6
                | Function::Clip { .. }
                | Function::LeakyRelu { .. } => elements,
                Function::HardSigmoid { .. } => 2 * elements,
                Function::HardSwish => 3 * elements,
                Function::Sigmoid
                | Function::Tanh
                | Function::Elu { .. }
                | Function::Selu
                | Function::Softplus
                | Function::Silu
                | Function::Gelu
                | Function::GeluTanh => 10 * elements,
                Function::Softmax | Function::LogSoftmax => 15 * elements,
            },
            Layer::Input(_)
            | Layer::Dropout(_)
            | Layer::ZeroPadding2D(_)
            | Layer::Concatenate(_)
            | Layer::Cropping2D(_)
            | Layer::UpSampling2D(_)
            | Layer::Flatten(_)
            | Layer::Reshape(_)
            | Layer::Permute(_) => 0,
        };
        normal.node_macs(id) + own as u64
    };
    normal.ids().map(of_node).sum()
}

const F32_BYTES: usize = 4;

impl StReading {
    fn of(graph: &Graph) -> Self {
        let normal = graph.normal_form();
        let missing_biases: usize = normal
            .nodes()
            .iter()
            .map(|node| match node.layer() {
                Layer::Conv2D(conv) if conv.bias().is_none() => conv.filters(),
                Layer::DepthwiseConv2D(conv) if conv.bias().is_none() => conv.outputs(),
                _ => 0,
            })
            .sum();
        let between = fuse::fuse(&normal, Element::F32)
            .iter()
            .map(|group| tensors_of(&normal, group))
            .max()
            .unwrap_or(0);
        let ends = graph.input_shape().elements() + graph.output_shape().elements();
        StReading {
            weights_bytes: (graph.params() + missing_biases) * F32_BYTES,
            activations_bytes: (ends + between) * F32_BYTES,
        }
    }
}

/// Elements that a group needs at one time: its input, its output, and as many rows of the
/// convolution's output as a pooling window is high. The network's own input and output lie
/// elsewhere.
fn tensors_of(graph: &Graph, group: &Group) -> usize {
    let inner = |id: NodeId| {
        let node: &Node = graph.node(id);
        let is_end = node.layer().arity() == Arity::None || id == graph.output();
        if is_end {
            0
        } else {
            node.output_shape().elements()
        }
    };
    let first = graph.node(group.first());
    let rows = match group.pool.map(|pool| graph.node(pool).layer()) {
        Some(Layer::MaxPool2D(pool)) => {
            let [_, width, channels] = first.output_shape().as_image().expect("checked shape");
            pool.window.kernel()[0] * width * channels
        }
        _ => 0,
    };
    let inputs: usize = first.inputs().iter().map(|&input| inner(input)).sum();
    inputs + inner(group.last()) + rows
}

#[cfg(test)]
mod tests {
    use gannet_graph::{Conv2D, Dense, Flatten, Padding, Window, networks};

    use super::*;
    use crate::{InputFormat, Options, compile};

    fn analysis(graph: &Graph) -> Analysis {
        Analysis::new(
            graph,
            &compile(graph, &Options::new(InputFormat::PIXELS)).unwrap(),
            Core::CortexM4F,
        )
    }

    /// What layers take adds up to what the network takes, but for borders around images.
    #[test]
    fn cycles_are_those_of_the_layers() {
        let analysis = analysis(&networks::mnist_small());
        let total = analysis.estimated_cycles.unwrap();
        let of_layers = analysis.layers.iter().map(|layer| layer.estimated_cycles);
        let of_layers: u64 = of_layers.map(Option::unwrap).sum();
        assert!(
            (total * 98 / 100..=total).contains(&of_layers),
            "{of_layers} of {total}"
        );
        // Two operations a product at least, for those that pooling reads.
        assert!(of_layers > 2 * 290_000, "{of_layers}");
    }

    fn nucleo() -> Limits {
        Limits {
            given_by: "nucleo-f446re has".to_owned(),
            flash_bytes: 512 << 10,
            ram_bytes: 128 << 10,
            cycles: None,
        }
    }

    /// 42.74 KiB and 11.01 KiB are what X-CUBE-AI showed its user; 10,930 weights and 12 zero
    /// biases; 784 + 10 ends, 13·13·8 pooled values and 3 rows of 28·8.
    #[test]
    fn st_counts_the_small_network_as_it_was_shown() {
        let analysis = analysis(&networks::mnist_small());
        assert_eq!(analysis.st.weights_bytes, 43_768);
        assert_eq!(analysis.st.activations_bytes, 11_272);
        assert_eq!(analysis.macc_st, 322_518);
        assert_eq!((43_768.0 / 1024.0_f64 * 100.0).round(), 4274.0);
        assert_eq!((11_272.0 / 1024.0_f64 * 100.0).round(), 1101.0);
    }

    #[test]
    fn our_own_figures_of_the_small_network() {
        let analysis = analysis(&networks::mnist_small());
        assert_eq!(analysis.weights_bytes, 10_930 * 4);
        // The image, five rows of it with two columns of border, six pooled rows of 13 pixels
        // with two columns of border, and the 144 features.
        let (copied, ring) = (5 * (28 + 2) + 2, (6 * (13 + 2) + 2) * 8 * 4);
        assert_eq!(analysis.activations_bytes, 784 + copied + ring + 144 * 4);
        assert_eq!(
            analysis.activations_bytes,
            analysis.activations_lower_bound_bytes
        );
        let weights: usize = analysis
            .layers
            .iter()
            .map(|layer| layer.weights_bytes)
            .sum();
        assert_eq!(weights, analysis.weights_bytes);
        assert_eq!(analysis.misfits(&nucleo()), []);
    }

    /// 28·28·100 values of 4 bytes do not go into 128 KiB, and a dense layer reads all of them.
    #[test]
    fn a_hundred_filters_break_the_ram() {
        let window = Window::new([5, 5], [1, 1], Padding::Same).unwrap();
        let mut graph = Graph::new("wide", [28, 28, 1]).unwrap();
        graph.push("conv2d", Conv2D::zeros(window, 1, 100)).unwrap();
        graph.push("flatten", Flatten).unwrap();
        graph.push("dense", Dense::zeros(78_400, 1)).unwrap();
        let misfits = analysis(&graph).misfits(&nucleo());
        assert_eq!(misfits[0].layer, "conv2d");
        assert_eq!(misfits[0].unit, "bytes of RAM");
        assert!(misfits[0].needed > 28 * 28 * 100 * 4);
    }

    #[test]
    fn a_wide_dense_layer_breaks_the_flash() {
        let mut graph = Graph::new("wide", [28, 28, 1]).unwrap();
        graph.push("flatten", Flatten).unwrap();
        graph.push("dense", Dense::zeros(784, 200)).unwrap();
        graph.push("dense_1", Dense::zeros(200, 10)).unwrap();
        let misfits = analysis(&graph).misfits(&nucleo());
        assert_eq!(misfits.len(), 1);
        assert_eq!(misfits[0].unit, "bytes of flash");
        let text = misfits[0].to_string();
        assert!(text.contains("layer 'dense' (Dense)"), "{text}");
        assert!(text.contains("but nucleo-f446re has 524288"), "{text}");
    }

    /// 43,720 bytes of weights, a convolution that takes more than half of the time.
    #[test]
    fn a_small_budget_is_broken_everywhere_at_once() {
        let limits = Limits {
            given_by: "the budget allows".to_owned(),
            flash_bytes: 43_719,
            ram_bytes: 1_000,
            cycles: Some(100_000),
        };
        let misfits = analysis(&networks::mnist_small()).misfits(&limits);
        let broken: Vec<_> = misfits.iter().map(|m| (m.layer.as_str(), m.unit)).collect();
        assert_eq!(
            broken,
            [
                ("conv2d", "bytes of RAM"),
                ("dense", "bytes of flash"),
                ("conv2d", "cycles")
            ]
        );
    }
}
