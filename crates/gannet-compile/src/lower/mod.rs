//! Lowers groups of layers to stages of the Loop IR: one file a layer kind.

mod activation;
mod average_pool2d;
mod batch_normalization;
mod channels;
mod conv2d;
mod dense;
mod depthwise_conv2d;
mod exponential;
mod joining;
mod logarithm;
mod max_pool2d;
mod normal_tail;
mod polynomial;
mod scaled_input;
mod smooth;
mod softmax;
mod windowed;

use std::collections::HashMap;

use gannet_graph::{Graph, Layer, NodeId, Shape};

use crate::CompileError;
use crate::fuse::{self, Group};
use crate::ir::{Affine, BufferId, Element, Expression, Program, ProgramBuilder, Unary};

/// What lies in the input buffer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Input {
    /// What the network takes.
    F32,
    /// Bytes that the network takes as they are.
    U8,
    /// Bytes of which the network takes multiples.
    Scaled(f32),
}

/// Lowers a network in normal form.
pub(crate) fn lower(graph: &Graph, hash: [u8; 8], input: Input) -> Result<Program, CompileError> {
    let element = if input == Input::F32 {
        Element::F32
    } else {
        Element::U8
    };
    let extents = graph.input_shape().dims();
    let builder = ProgramBuilder::new(graph.name(), hash, element, extents);
    let mut lowering = Lowering {
        graph,
        builder,
        values: HashMap::new(),
    };
    let image = match input {
        Input::F32 | Input::U8 => lowering.builder.input(),
        Input::Scaled(scale) => lowering.scaled_input(scale),
    };
    lowering
        .values
        .insert(graph.ids().next().expect("a graph has an input"), image);
    for group in fuse::fuse(graph) {
        let value = lowering.group(&group);
        lowering.values.insert(group.last(), value);
    }
    let output = lowering.values[&graph.output()];
    lowering.builder.finish(output)
}

struct Lowering<'g> {
    graph: &'g Graph,
    builder: ProgramBuilder,
    /// Where the value of each node lies that is written at all.
    values: HashMap<NodeId, BufferId>,
}

impl Lowering<'_> {
    /// Lowers one group and tells where its value lies.
    fn group(&mut self, group: &Group) -> BufferId {
        let graph = self.graph;
        let node = graph.node(group.first());
        match node.layer() {
            Layer::Conv2D(layer) => self.conv2d(group, layer),
            Layer::Dense(layer) => self.dense(group, layer),
            Layer::MaxPool2D(layer) => self.max_pool2d(group, layer),
            Layer::Activation(layer) => self.activation(group, layer.function),
            Layer::DepthwiseConv2D(layer) => self.depthwise_conv2d(group, layer),
            Layer::AveragePool2D(layer) => self.average_pool2d(group, layer),
            Layer::GlobalAveragePool2D(_) => self.global_average_pool2d(group),
            Layer::BatchNormalization(layer) => self.batch_normalization(group, layer),
            Layer::ZeroPadding2D(layer) => self.zero_padding2d(group, layer),
            Layer::Add(_) => self.add(group),
            Layer::Concatenate(_) => self.concatenate(group),
            Layer::Dropout(_) => unreachable!("left out when the network was simplified"),
            Layer::Flatten(_) => {
                let source = self.source(group);
                let name = self.value_name(group);
                self.builder.view(source, &name, node.output_shape().dims())
            }
            Layer::Input(_) => unreachable!("the input is no group"),
        }
    }

    /// Where the only input of `group` lies.
    fn source(&self, group: &Group) -> BufferId {
        self.values[&self.graph.node(group.first()).inputs()[0]]
    }

    /// Where all inputs of `group` lie.
    fn sources(&self, group: &Group) -> Vec<BufferId> {
        let inputs = self.graph.node(group.first()).inputs().iter();
        inputs.map(|input| self.values[input]).collect()
    }

    /// Where the first input of `group` lies, and where its value goes: the same place, if
    /// what lies there is an `f32` that nobody else reads.
    fn in_place(&mut self, group: &Group) -> (BufferId, BufferId) {
        let source = self.source(group);
        let is_f32 = self.builder.describe(source).element == Element::F32;
        if is_f32 && self.is_only_reader(group) {
            (source, source)
        } else {
            (source, self.value(group))
        }
    }

    /// Whether `group` alone reads what its first input reads; a view reads through to what it
    /// is a view of.
    fn is_only_reader(&self, group: &Group) -> bool {
        let mut node = self.graph.node(group.first()).inputs()[0];
        loop {
            if self.graph.readers(node).len() != 1 {
                return false;
            }
            match self.graph.node(node).layer() {
                Layer::Flatten(_) => node = self.graph.node(node).inputs()[0],
                _ => return true,
            }
        }
    }

    fn source_shape(&self, group: &Group) -> &Shape {
        self.graph
            .node(self.graph.node(group.first()).inputs()[0])
            .output_shape()
    }

    fn value_name(&self, group: &Group) -> String {
        format!("{}_out", self.graph.node(group.first()).name())
    }

    /// A new buffer for the value of `group`.
    fn value(&mut self, group: &Group) -> BufferId {
        let extents = self.graph.node(group.last()).output_shape().dims();
        let name = self.value_name(group);
        self.builder.buffer(&name, Element::F32, extents)
    }

    fn stage(&mut self, group: &Group, body: Vec<crate::ir::Statement>) {
        let graph = self.graph;
        let names: Vec<&str> = group
            .nodes
            .iter()
            .map(|&id| graph.node(id).name())
            .collect();
        self.builder.stage(&names, body);
    }

    /// An element as `f32`, whatever it is in memory.
    fn load(&self, buffer: BufferId, index: Vec<Affine>) -> Expression {
        let load = Expression::Load(buffer, index);
        match self.builder.describe(buffer).element {
            Element::F32 => load,
            Element::U8 => load.unary(Unary::ToF32),
        }
    }

    /// `buffer` as one row of elements.
    fn flat(&mut self, buffer: BufferId) -> BufferId {
        let described = self.builder.describe(buffer);
        if described.extents.len() == 1 {
            return buffer;
        }
        let (name, elements) = (format!("{}_flat", described.name), described.len());
        self.builder.view(buffer, &name, &[elements])
    }
}
