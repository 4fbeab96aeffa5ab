//! What has to be done: groups of layers, and copies that give an image a border.

use std::collections::HashSet;

use gannet_graph::{Graph, Layer, NodeId, Shape};

use super::Reach;
use crate::fuse::Group;
use crate::ir::Element;
use crate::lower::blocking::{Bits, Blocking, Operands};
use crate::lower::spread_conv2d::is_spread;
use crate::lower::{Input, Way};
use crate::{Feed, Optimize};

/// A task's place in the list of tasks.
pub(crate) type TaskId = usize;

/// What gives a value, and from what.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Task {
    pub(crate) work: Work,
    pub(crate) sources: Vec<TaskId>,
    /// `[rows, columns, channels]` of the value; a vector is one pixel.
    pub(crate) shape: [usize; 3],
    pub(crate) rule: Rule,
    /// How many columns of zeros it reads left and right of its sources.
    pub(crate) border: [usize; 2],
    /// How it is blocked, if it slides a window and adds up.
    pub(crate) blocking: Option<Blocking>,
    /// Whether its integers have 16 bits in memory.
    pub(crate) is_wide: bool,
}

/// What is done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    /// Nothing: the caller puts the image in, or a row of it.
    Input,
    /// A row of the input is kept, so that the next one can be put in its place.
    Keep,
    /// Every element of the input is multiplied.
    Scale(f32),
    /// An image is copied to where it has a border.
    Border,
    /// Layers are computed.
    Group(Group),
}

impl Task {
    /// What to call it in generated code.
    pub(crate) fn name(&self, graph: &Graph) -> String {
        match &self.work {
            Work::Input => "input".to_owned(),
            Work::Scale(_) => "scaled_input".to_owned(),
            Work::Keep => "kept_input".to_owned(),
            Work::Border => "bordered".to_owned(),
            Work::Group(group) => graph.node(group.first()).name().to_owned(),
        }
    }
}

/// How a task works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// On whole values.
    Whole,
    /// It is its source under another shape.
    View,
    /// A row at a time, from those rows of each source that it covers.
    Rows(Reach),
    /// Row by row of sums, each merged into the pooled rows that cover it.
    Pooled {
        /// From a row of sums to the rows of the source.
        reach: Reach,
        /// How many rows of sums pooling covers.
        sums: usize,
        /// From a pooled row to rows of sums.
        pool: Reach,
    },
}

/// The tasks of `groups`, in order; the first is the input. Values are made of `values`.
pub(crate) fn tasks(graph: &Graph, groups: Vec<Group>, way: Way, values: Element) -> Vec<Task> {
    let Way {
        input,
        feed,
        optimize,
        ..
    } = way;
    let wide = match (values, optimize) {
        (Element::I8, Optimize::Time) => widened(graph, &groups),
        _ => HashSet::new(),
    };
    let is_wide = |id: &NodeId| wide.contains(id);
    let shape = rows_columns_channels(graph.input_shape());
    let mut tasks = vec![Task {
        work: Work::Input,
        sources: Vec::new(),
        shape,
        rule: Rule::Whole,
        border: [0, 0],
        blocking: None,
        is_wide: false,
    }];
    let taken_up = match (input, feed) {
        (Input::Scaled(scale), _) => Some(Work::Scale(scale)),
        (Input::F32 | Input::U8, Feed::Rows) => Some(Work::Keep),
        (Input::F32 | Input::U8, Feed::Whole) => None,
    };
    if let Some(work) = taken_up {
        let image = graph.ids().next();
        tasks.push(Task {
            is_wide: matches!(work, Work::Scale(_)) && image.as_ref().is_some_and(is_wide),
            work,
            sources: vec![0],
            shape,
            rule: Rule::Rows(Reach::SAME),
            border: [0, 0],
            blocking: None,
        });
    }
    let image = tasks.len() - 1;
    let mut made: Vec<(NodeId, TaskId)> = graph.ids().take(1).map(|id| (id, image)).collect();
    for group in groups {
        let sources: Vec<TaskId> = (graph.node(group.first()).inputs().iter())
            .map(|input| {
                let made = made.iter().find(|(id, _)| id == input);
                made.expect("a group reads earlier groups").1
            })
            .collect();
        made.push((group.last(), tasks.len()));
        let operands = match values {
            Element::F32 if input == Input::U8 && sources == [image] => Operands::Bytes,
            Element::F32 => Operands::Floats,
            _ if sources.iter().all(|&source| tasks[source].is_wide) => {
                Operands::Integers(Bits::Sixteen)
            }
            _ => Operands::Integers(Bits::Eight),
        };
        let is_wanted = is_wide(&group.last());
        let task = task(graph, group, sources, (values, operands, optimize));
        let is_wide = is_wanted && matches!(task.rule, Rule::Rows(_));
        tasks.push(Task { is_wide, ..task });
    }
    tasks
}

fn task(
    graph: &Graph,
    group: Group,
    sources: Vec<TaskId>,
    (values, operands, optimize): (Element, Operands, Optimize),
) -> Task {
    let node = graph.node(group.first());
    let source = graph.node(node.inputs()[0]).output_shape();
    let shape = rows_columns_channels(graph.node(group.last()).output_shape());
    let image = source.as_image().map(|[height, width, _]| [height, width]);
    let (mut border, mut blocking) = ([0, 0], None);
    let same_shape = (node.inputs().iter())
        .all(|&input| graph.node(input).output_shape() == node.output_shape());
    let rule = match (node.layer(), image) {
        (Layer::Flatten(_) | Layer::Reshape(_), _) => Rule::View,
        (layer, _) if is_spread(layer, values) => Rule::Whole,
        (Layer::Conv2D(_) | Layer::DepthwiseConv2D(_), Some(image)) => {
            let chosen = Blocking::of(graph, &group, (operands, optimize));
            border = chosen.border(image);
            blocking = Some(chosen);
            match chosen.pool {
                None => Rule::Rows(chosen.rows),
                Some(pool) => Rule::Pooled {
                    reach: chosen.rows,
                    sums: pool.sums[0],
                    pool: pool.rows,
                },
            }
        }
        (Layer::MaxPool2D(layer), Some(image)) => Rule::Rows(Reach::of(layer.window, image, 0)),
        (Layer::AveragePool2D(layer), Some(image)) => Rule::Rows(Reach::of(layer.window, image, 0)),
        (Layer::GlobalAveragePool2D(_) | Layer::GlobalMaxPool2D(_), Some([height, _])) => {
            Rule::Rows(Reach::all(height))
        }
        (Layer::ZeroPadding2D(layer), Some(_)) => Rule::Rows(Reach {
            pad: layer.vertical[0],
            ..Reach::SAME
        }),
        (
            Layer::Activation(_)
            | Layer::PReLU(_)
            | Layer::BatchNormalization(_)
            | Layer::Rescaling(_)
            | Layer::Concatenate(_),
            _,
        ) => Rule::Rows(Reach::SAME),
        (
            Layer::Add(_)
            | Layer::Subtract(_)
            | Layer::Multiply(_)
            | Layer::Maximum(_)
            | Layer::Minimum(_),
            _,
        ) if same_shape => Rule::Rows(Reach::SAME),
        _ => Rule::Whole,
    };
    Task {
        work: Work::Group(group),
        sources,
        shape,
        rule,
        border,
        blocking,
        is_wide: false,
    }
}

/// The values of 8 bits that are read by nothing but products of runs, so that 16 bits save instructions.
fn widened(graph: &Graph, groups: &[Group]) -> HashSet<NodeId> {
    let multiplies = |reader: NodeId| match graph.node(reader).layer() {
        layer if is_spread(layer, Element::I8) => false,
        Layer::Conv2D(layer) => layer.window().kernel()[1] * layer.channels() > 1,
        Layer::DepthwiseConv2D(layer) => layer.multiplier() == 1,
        _ => false,
    };
    // Pooled values are bytes: maxima are taken of four at a time.
    let values = groups.iter().filter(|group| group.pool.is_none());
    let values = values.map(Group::last).chain(graph.ids().take(1));
    values
        .filter(|&id| id != graph.output() && graph.readers(id).into_iter().all(multiplies))
        .collect()
}

/// A shape as an image: what has no rows of its own is one pixel.
fn rows_columns_channels(shape: &Shape) -> [usize; 3] {
    shape.as_image().unwrap_or([1, 1, shape.elements()])
}
