//! Lowers groups of layers to stages of the Loop IR: one file a layer kind.
//!
//! A layer that works row by row gets a stage for one row, and the plan says when it is run; any
//! other gets a stage that computes all of its value.

mod activation;
mod average_pool2d;
pub(crate) mod blocking;
mod channels;
mod conv2d;
mod conv2d_transpose;
mod dense;
mod depthwise_conv2d;
mod exponential;
mod finish;
mod image;
pub(crate) mod integer;
mod joining;
mod logarithm;
mod max_pool2d;
mod normal_tail;
mod polynomial;
mod pooling;
mod prelu;
mod rearrange;
mod rows;
mod scale_shift;
mod smooth;
mod softmax;
pub(crate) mod spread_conv2d;
mod whole;
mod windowed;

use std::collections::HashMap;

use gannet_graph::{Graph, Layer, NodeId};

use self::blocking::Blocking;
use self::finish::Finish;
use self::image::Image;
use self::integer::Integers;
use self::rows::Rows;
use self::windowed::Sliding;
use crate::fuse::{self, Group};
use crate::ir::{
    Affine, BufferId, Element, Expression, Parameter, Program, ProgramBuilder, Run, StageId,
    Statement, Step, Unary,
};
use crate::stream::{Phase, Plan, Rule, TaskId, Work, work_of};
use crate::{CompileError, Feed, Optimize, Sharing};

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

/// How a network is to be computed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) input: Input,
    pub(crate) feed: Feed,
    pub(crate) sharing: Sharing,
    pub(crate) optimize: Optimize,
}

/// Lowers a network in normal form.
///
/// With `integers` the graph is the twin of a network of integers.
pub(crate) fn lower(
    graph: &Graph,
    hash: [u8; 8],
    way: Way,
    integers: Option<Integers<'_>>,
) -> Result<Program, CompileError> {
    let Way { input, feed, .. } = way;
    let values = integers.map_or(Element::F32, |integers| integers.element());
    let element = match input {
        Input::F32 => values,
        Input::U8 | Input::Scaled(_) => Element::U8,
    };
    let extents = graph.input_shape().dims();
    let mut builder = match (feed, extents) {
        (Feed::Rows, &[rows, ref row @ ..]) if row.len() == 2 => {
            ProgramBuilder::of_rows(graph.name(), hash, element, (rows, row))
        }
        // What is no image is one row.
        (Feed::Rows, row) => ProgramBuilder::of_rows(graph.name(), hash, element, (1, row)),
        (Feed::Whole, _) => ProgramBuilder::new(graph.name(), hash, element, extents),
    };
    let groups = fuse::fuse(graph, values);
    let plan = Plan::new(graph, groups, way, values, &mut builder);
    let mut lowering = Lowering {
        graph,
        homes: vec![None; plan.homes.len()],
        values: HashMap::from([(
            graph.ids().next().expect("a graph has an input"),
            builder.input(),
        )]),
        images: HashMap::new(),
        stages: HashMap::new(),
        builder,
        plan,
        integers,
        sharing: way.sharing,
        optimize: way.optimize,
        element: values,
    };
    lowering.homes[0] = Some(lowering.builder.input());
    for task in 0..lowering.plan.tasks.len() {
        lowering.task(task);
    }
    let output = lowering.values[&graph.output()];
    lowering.builder.finish(output)
}

struct Lowering<'g> {
    graph: &'g Graph,
    builder: ProgramBuilder,
    plan: Plan,
    /// The buffer of each home that has one yet.
    homes: Vec<Option<BufferId>>,
    /// Where the value of each node lies that exists whole.
    values: HashMap<NodeId, BufferId>,
    /// The values of tasks as rows of pixels.
    images: HashMap<TaskId, Image>,
    /// What stands for a stage in the plan's steps, and the stage.
    stages: HashMap<StageId, StageId>,
    /// The network of integers that the graph is the twin of.
    integers: Option<Integers<'g>>,
    sharing: Sharing,
    optimize: Optimize,
    /// What values are made of.
    element: Element,
}

impl<'g> Lowering<'g> {
    /// Lowers what a task does by itself, with all that it needs of rings.
    fn task(&mut self, task: TaskId) {
        let planned = &self.plan.tasks[task];
        let (rule, work) = (planned.rule, planned.work.clone());
        match (rule, &work) {
            (Rule::Whole, Work::Group(group)) => {
                let sources = planned.sources.clone();
                let value = self.whole(group, &sources);
                self.homes[self.plan.home_of[task]] = Some(value);
                self.values.insert(group.last(), value);
            }
            (Rule::View, Work::Group(group)) => {
                let (source, name) = (self.source(group), self.value_name(group));
                let extents = self.graph.node(group.last()).output_shape().dims();
                let value = self.builder.view(source, &name, extents);
                self.values.insert(group.last(), value);
            }
            (Rule::Rows(_) | Rule::Pooled { .. }, _) if !self.plan.is_ring(task) => {
                let steps = self.plan.steps(task);
                let steps = self.stages_of(steps);
                steps.into_iter().for_each(|step| self.builder.step(step));
                let node = match work {
                    Work::Group(group) => Some(group.last()),
                    // Who reads the image reads it scaled, or all of it that was kept.
                    Work::Scale(_) | Work::Keep => self.graph.ids().next(),
                    Work::Input | Work::Border => None,
                };
                if let Some(node) = node {
                    let value = self.home(task);
                    self.values.insert(node, value);
                }
            }
            _ => {}
        }
    }

    /// `steps` with the stages that they stand for, which are lowered if they are not yet.
    fn stages_of(&mut self, steps: Vec<Step>) -> Vec<Step> {
        let mut lowered = Vec::new();
        for step in steps {
            lowered.push(match step {
                Step::Run(run) => {
                    let stage = match self.stages.get(&run.stage) {
                        Some(&stage) => stage,
                        None => {
                            let (task, phase) = work_of(run.stage);
                            let stage = self.row(task, phase);
                            self.stages.insert(run.stage, stage);
                            stage
                        }
                    };
                    Step::Run(Run { stage, ..run })
                }
                Step::Resume(mut resume) => {
                    resume.body = self.stages_of(resume.body);
                    Step::Resume(resume)
                }
                Step::Take => Step::Take,
            });
        }
        lowered
    }

    /// The stage that computes one row of `task`, or begins one.
    fn row(&mut self, task: TaskId, phase: Phase) -> StageId {
        let planned = self.plan.tasks[task].clone();
        let sources = planned
            .sources
            .iter()
            .map(|&source| self.image(source))
            .collect();
        let target = self.image(task);
        let y = self.builder.variable("y");
        let rows = Rows { sources, target, y };
        let mut parameters = vec![Parameter {
            variable: y,
            below: planned.shape[0],
        }];
        let name = planned.name(self.graph);
        let body = match (&planned.work, planned.rule, phase) {
            (Work::Group(group), Rule::Pooled { .. }, Phase::Begin) => {
                let least = match self.integers {
                    None => finish::least(group.function).into(),
                    Some(integers) => integers.limits(group)[0].into(),
                };
                self.begin_pooled(&rows.target, &least, y)
            }
            (_, Rule::Pooled { pool, .. }, Phase::Join) => {
                self.join_pooled(&rows.target, pool.overlap(), y)
            }
            (Work::Group(group), Rule::Pooled { sums, .. }, Phase::Compute) => {
                parameters[0].below = sums;
                self.group_row(group, &name, rows, planned.blocking)
            }
            (Work::Group(group), ..) => self.group_row(group, &name, rows, planned.blocking),
            (Work::Scale(scale), ..) => match self.integers {
                None => self.scaled(*scale, &rows),
                Some(integers) => self.integers_of_bytes(integers, *scale, &rows),
            },
            (Work::Keep | Work::Border, ..) => self.bordered(&rows),
            (Work::Input, ..) => unreachable!("the caller puts it in"),
        };
        let layers: Vec<&str> = match &planned.work {
            Work::Group(group) => self.names(group),
            _ => vec![&name],
        };
        self.builder.part(&layers, parameters, body)
    }

    /// One row of a group.
    fn group_row(
        &mut self,
        group: &Group,
        name: &str,
        rows: Rows,
        blocking: Option<Blocking>,
    ) -> Vec<Statement> {
        let graph = self.graph;
        let id = group.first();
        if let Some(integers) = self.integers
            && let Some(row) = self.integer_row(integers, group, &rows)
        {
            return row;
        }
        match graph.node(id).layer() {
            Layer::Conv2D(layer) => {
                let is_raw = blocking.is_some_and(|blocking| blocking.is_by_dots());
                let arithmetic = self.arithmetic(group, (layer.kernel(), layer.bias()), is_raw);
                let sliding = sliding(rows, blocking, arithmetic.finish);
                let products = (&sliding, arithmetic.weights, arithmetic.bias);
                self.conv2d(name, layer, products)
            }
            Layer::DepthwiseConv2D(layer) => {
                let is_raw = blocking.is_some_and(|blocking| blocking.is_by_dots());
                let arithmetic = self.arithmetic(group, (layer.kernel(), layer.bias()), is_raw);
                let sliding = sliding(rows, blocking, arithmetic.finish);
                let products = (&sliding, arithmetic.weights, arithmetic.bias);
                self.depthwise_conv2d(name, layer, products)
            }
            Layer::MaxPool2D(layer) => self.max_pool2d(layer, &rows),
            Layer::AveragePool2D(layer) => self.average_pool2d(layer, &rows),
            Layer::GlobalAveragePool2D(_) => self.global_average_pool2d(&rows),
            Layer::GlobalMaxPool2D(_) => self.global_max_pool2d(&rows),
            Layer::Activation(layer) => self.activation(layer.function, &rows),
            Layer::PReLU(layer) => self.prelu(name, layer, &rows),
            Layer::BatchNormalization(layer) => {
                let each = (0..layer.channels()).map(|c| layer.scale_shift(c));
                self.scale_shift(name, each, &rows)
            }
            Layer::Rescaling(layer) => {
                let channels = rows.target.shape[2];
                let each = (0..channels).map(|c| layer.scale_shift(c));
                self.scale_shift(name, each, &rows)
            }
            Layer::ZeroPadding2D(layer) => {
                let zero = match self.integers {
                    None => 0.0.into(),
                    Some(integers) => integers.zero(id).into(),
                };
                self.zero_padding2d(layer, zero, &rows)
            }
            Layer::Add(_)
            | Layer::Subtract(_)
            | Layer::Multiply(_)
            | Layer::Maximum(_)
            | Layer::Minimum(_) => {
                let join = joining::join(graph.node(group.first()).layer());
                self.join_rows(join, group.function, &rows)
            }
            Layer::Concatenate(_) => self.concatenate(&rows),
            other => unreachable!("{} does not work row by row", other.kind()),
        }
    }

    /// Lowers one group to a stage of its own and tells where its value lies.
    fn whole(&mut self, group: &Group, sources: &[TaskId]) -> BufferId {
        let graph = self.graph;
        let layer = graph.node(group.first()).layer();
        match layer {
            Layer::Dense(layer) => self.dense(group, layer),
            Layer::Conv2D(_) | Layer::DepthwiseConv2D(_) => self.spread_conv2d(group, sources),
            Layer::Conv2DTranspose(layer) => self.conv2d_transpose(group, layer, sources),
            Layer::Cropping2D(layer) => self.cropping2d(group, layer, sources),
            Layer::UpSampling2D(layer) => self.up_sampling2d(group, layer, sources),
            Layer::Permute(layer) => self.permute(group, layer, sources),
            Layer::Add(_)
            | Layer::Subtract(_)
            | Layer::Multiply(_)
            | Layer::Maximum(_)
            | Layer::Minimum(_) => {
                let (join, values) = (joining::join(layer), self.wholes(group, sources));
                self.joined(group, &values, |values| joining::reduce(join, values))
            }
            other => unreachable!("{} works row by row", other.kind()),
        }
    }

    /// The value of `task` as rows of pixels.
    fn image(&mut self, task: TaskId) -> Image {
        if let Some(image) = self.images.get(&task) {
            return image.clone();
        }
        let buffer = self.home(task);
        let home = *self.plan.home(task);
        let shape = self.plan.tasks[task].shape;
        let pixels = home.pixels() * home.shape[2] / shape[2];
        let name = self.builder.describe(buffer).name.clone();
        let image = Image {
            pixels: self
                .builder
                .view(buffer, &format!("{name}_pixels"), &[pixels, shape[2]]),
            elements: self.flat(buffer),
            shape,
            // A view is of a value without borders.
            stride: if shape == home.shape {
                home.stride()
            } else {
                shape[1]
            },
            left: home.border[0],
            ring: home.ring.filter(|&rows| rows < home.shape[0]),
        };
        self.images.insert(task, image.clone());
        image
    }

    /// The buffer that `task`'s value lies in. A border is cleared before anything else.
    fn home(&mut self, task: TaskId) -> BufferId {
        let place = self.plan.home_of[task];
        if let Some(buffer) = self.homes[place] {
            return buffer;
        }
        let planned = &self.plan.tasks[task];
        let home = self.plan.homes[place];
        let name = format!("{}_out", planned.name(self.graph));
        let bordered = home.border != [0, 0];
        let partial = home.ring.is_some_and(|rows| rows < home.shape[0]);
        let extents = match &planned.work {
            Work::Group(group) if !bordered && !partial => {
                self.graph.node(group.last()).output_shape().dims().to_vec()
            }
            _ => vec![home.pixels(), home.shape[2]],
        };
        let buffer = self.builder.buffer(&name, home.element, &extents);
        self.homes[place] = Some(buffer);
        if bordered {
            let zero = self.zero(task);
            self.clear(&name, buffer, zero);
        }
        buffer
    }

    /// What stands for zero in the value of `task`.
    fn zero(&self, task: TaskId) -> Expression {
        let planned = &self.plan.tasks[task];
        match (self.integers, &planned.work) {
            (Some(integers), Work::Group(group)) => integers.zero(group.last()).into(),
            (Some(_), Work::Border) => self.zero(planned.sources[0]),
            (Some(integers), _) => {
                let image = self.graph.ids().next().expect("a graph has an input");
                integers.zero(image).into()
            }
            (None, _) => match self.plan.home(task).element {
                Element::F32 => 0.0.into(),
                _ => 0.into(),
            },
        }
    }

    /// A stage that sets all of `buffer` to `zero`.
    fn clear(&mut self, name: &str, buffer: BufferId, zero: Expression) {
        let flat = self.flat(buffer);
        let elements = self.builder.describe(flat).len();
        let i = self.builder.variable("i");
        let store = Statement::Store(flat, vec![i.into()], zero);
        let body = vec![Statement::repeat(i, 0_i64, elements, vec![store])];
        self.builder.stage(&[&format!("{name}_border")], body);
    }

    /// Where the only input of `group` lies, all of it.
    fn source(&self, group: &Group) -> BufferId {
        self.values[&self.graph.node(group.first()).inputs()[0]]
    }

    fn value_name(&self, group: &Group) -> String {
        format!("{}_out", self.graph.node(group.first()).name())
    }

    /// A new buffer for the value of `group`.
    fn value(&mut self, group: &Group) -> BufferId {
        let extents = self.graph.node(group.last()).output_shape().dims();
        let name = self.value_name(group);
        self.builder.buffer(&name, self.element, extents)
    }

    fn stage(&mut self, group: &Group, body: Vec<Statement>) {
        let names = self.names(group);
        self.builder.stage(&names, body);
    }

    /// The layers of `group`.
    fn names(&self, group: &Group) -> Vec<&'g str> {
        let nodes = group.nodes.iter();
        nodes.map(|&id| self.graph.node(id).name()).collect()
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

/// A layer with a window, to be computed row by row.
fn sliding(rows: Rows, blocking: Option<Blocking>, finish: Finish) -> Sliding {
    Sliding {
        blocking: blocking.expect("it slides a window"),
        source: rows.source().clone(),
        target: rows.target,
        finish,
        y: rows.y,
    }
}

/// An element as a number to compute with: pictures of bytes as `f32`.
fn load(builder: &ProgramBuilder, buffer: BufferId, index: Vec<Affine>) -> Expression {
    let load = Expression::Load(buffer, index);
    match builder.describe(buffer).element {
        Element::F32 | Element::I8 | Element::I16 | Element::I32 => load,
        Element::U8 => load.unary(Unary::ToF32),
    }
}
