//! A model to a graph: node by node, once for each way in which the network's input may lie
//! in the memory. The way in which the fewest numbers have to be moved at run time is taken.

use std::{collections::HashMap, rc::Rc};

use gannet_graph::{Graph, Shape};

use super::{
    Imported,
    call::{Call, Stop, Value, name},
    constant::{Constant, Element},
    fold,
    network::{Activation, Network},
    operators,
    readers::Readers,
    schema::{self, Extent, Model},
    view::View,
    whole_numbers,
};
use crate::{FormatError, Obstacle, Obstacles};

/// More nodes than any network for a microcontroller has, shape arithmetic included.
const MOST_NODES: usize = 10_000;

/// The versions of ONNX's operators that are read. Version 6 is what PyTorch 0.3 wrote.
const OPSETS: std::ops::RangeInclusive<i64> = 6..=28;

/// The network in `model`.
pub(super) fn import(model: &Model) -> Result<Imported<Graph>, FormatError> {
    let Some(graph) = &model.graph else {
        return Err(FormatError::NotOnnx {
            what: "it holds no graph".to_owned(),
        });
    };
    if graph.node.len() > MOST_NODES {
        return Err(FormatError::TooComplex { limit: MOST_NODES });
    }
    let mut obstacles = Obstacles::default();
    let opset = opset(model, &graph.name, &mut obstacles);
    let constants = initializers(graph, &mut obstacles);
    let input = input(graph, &constants, &mut obstacles);
    let output = output(graph, &mut obstacles);
    let (Some(input), Some(output)) = (input, output) else {
        // Nothing can be followed, but which operators there are can be told.
        operators::check_names(graph, &mut obstacles);
        return Err(FormatError::Unsupported(obstacles));
    };
    let readers = Readers::of(graph);
    let mut best: Option<Trial> = None;
    for (view, shape) in input.views() {
        let start = Start {
            input: &input,
            view,
            shape,
        };
        let trial = Trial::run(graph, opset, &constants, &readers, &start, output);
        if best.as_ref().is_none_or(|best| trial.cost() < best.cost()) {
            best = Some(trial);
        }
        if best.as_ref().is_some_and(|best| best.cost() == Cost::NONE) {
            break;
        }
    }
    let Some(trial) = best else {
        return Err(FormatError::Unsupported(obstacles));
    };
    obstacles.0.extend(trial.obstacles.0);
    match trial.imported {
        Some(imported) if obstacles.0.is_empty() => Ok(imported),
        _ => Err(FormatError::Unsupported(obstacles)),
    }
}

/// An obstacle that is not of a node.
fn of_network(name: &str, attribute: &str, value: String, supported: &str) -> Obstacle {
    Obstacle {
        layer: name.to_owned(),
        class: "network".to_owned(),
        attribute: attribute.to_owned(),
        value,
        supported: supported.to_owned(),
    }
}

/// The version of ONNX's own operators.
fn opset(model: &Model, name: &str, obstacles: &mut Obstacles) -> i64 {
    let own = |set: &&schema::OperatorSet| matches!(set.domain.as_str(), "" | "ai.onnx");
    let version = model.opset_import.iter().find(own).map_or(1, |s| s.version);
    if !OPSETS.contains(&version) {
        obstacles.0.push(of_network(
            name,
            "opset",
            version.to_string(),
            &format!(
                "{} to {}; export with another opset_version, or use onnx.version_converter",
                OPSETS.start(),
                OPSETS.end()
            ),
        ));
    }
    if !model.functions.is_empty() {
        obstacles.0.push(of_network(
            name,
            "functions",
            model.functions.len().to_string(),
            "none; inline them with onnx.inliner.inline_local_functions",
        ));
    }
    version
}

/// The tensors of the file by their names.
fn initializers<'a>(
    graph: &'a schema::Graph,
    obstacles: &mut Obstacles,
) -> HashMap<&'a str, Value> {
    if !graph.sparse_initializer.is_empty() {
        obstacles.0.push(of_network(
            &graph.name,
            "sparse_initializer",
            graph.sparse_initializer.len().to_string(),
            "none; store the tensors in full",
        ));
    }
    let read = |tensor: &'a schema::Tensor| {
        let value = match Constant::read(tensor) {
            Ok(constant) => Value::Constant(Rc::new(constant)),
            Err(what) => {
                obstacles.0.push(Obstacle {
                    layer: tensor.name.clone(),
                    class: "initializer".to_owned(),
                    attribute: "tensor".to_owned(),
                    value: format!("one that {what}"),
                    supported: "tensors of numbers inside the file".to_owned(),
                });
                Value::Unknown
            }
        };
        (tensor.name.as_str(), value)
    };
    graph.initializer.iter().map(read).collect()
}

/// What comes into a network.
struct Input<'a> {
    name: &'a str,
    /// The extents as ONNX has them; a batch of unknown extent is 1.
    dims: Vec<usize>,
    /// Whether the first extent may be anything, and so is the batch.
    open_batch: bool,
}

/// The one input that is no weight.
fn input<'a>(
    graph: &'a schema::Graph,
    constants: &HashMap<&str, Value>,
    obstacles: &mut Obstacles,
) -> Option<Input<'a>> {
    let inputs: Vec<&schema::ValueInfo> = graph
        .input
        .iter()
        .filter(|input| !constants.contains_key(input.name.as_str()))
        .collect();
    let mut refuse = |attribute: &str, value: String, supported: &str| {
        let obstacle = of_network(&graph.name, attribute, value, supported);
        obstacles.0.push(obstacle);
        None
    };
    let [input] = inputs.as_slice() else {
        let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        return refuse("inputs", format!("{names:?}"), "one input");
    };
    let tensor = input.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let Some(tensor) = tensor else {
        return refuse(&input.name, "no tensor".to_owned(), "a tensor of numbers");
    };
    let element = Element::of(tensor.elem_type);
    let is_whole = element.is_some_and(whole_numbers::is_exact);
    if !is_whole && !element.is_some_and(Element::is_float) {
        let found = Element::name(tensor.elem_type);
        let supported = "elements of float32, or of integers of at most 16 bits";
        refuse(&input.name, found, supported);
        return None;
    }
    let Some(shape) = &tensor.shape else {
        return refuse(&input.name, "of unknown shape".to_owned(), "a fixed shape");
    };
    let fixed = |dim: &schema::Dimension| match dim.value {
        Some(Extent::Fixed(extent @ 1..=0xFFFF_FFFF)) => usize::try_from(extent).ok(),
        _ => None,
    };
    let mut dims: Vec<Option<usize>> = shape.dim.iter().map(fixed).collect();
    let open_batch = dims.len() > 1 && dims[0].is_none();
    if open_batch {
        dims[0] = Some(1);
    }
    let dims: Option<Vec<usize>> = dims.into_iter().collect();
    let Some(dims) = dims.filter(|dims| Shape::from(dims.clone()).is_bounded() || dims.is_empty())
    else {
        let words = shape.dim.iter().map(|dim| match &dim.value {
            Some(Extent::Fixed(extent)) => extent.to_string(),
            Some(Extent::Named(name)) => name.clone(),
            None => "?".to_owned(),
        });
        let words = words.collect::<Vec<_>>().join(", ");
        return refuse(
            &input.name,
            format!("[{words}]"),
            "extents that are fixed and not 0, all but the batch; export with an example input \
             of the size that the device will see",
        );
    };
    if is_whole {
        whole_numbers::follow(graph, &input.name, obstacles);
    }
    Some(Input {
        name: &input.name,
        dims,
        open_batch,
    })
}

impl Input<'_> {
    /// The ways in which it may lie in the memory, the likeliest first: behind a batch with
    /// the channels last; as it is; without a batch. Each with the shape of the graph's input.
    fn views(&self) -> Vec<(View, Shape)> {
        let rank = self.dims.len();
        let rotated = |axes: &[usize]| -> Vec<usize> {
            axes.iter().skip(1).chain(axes.first()).copied().collect()
        };
        let inner: Vec<usize> = (1..rank).collect();
        let mut orders = Vec::new();
        if rank > 1 {
            orders.extend([(Some(0), rotated(&inner)), (Some(0), inner)]);
        }
        if !self.open_batch {
            let all: Vec<usize> = (0..rank).collect();
            orders.extend([(None, all.clone()), (None, rotated(&all))]);
        }
        let mut views: Vec<(View, Shape)> = orders
            .into_iter()
            .map(|(batch, memory)| {
                let view = View::new(&self.dims, batch, &memory);
                (view, self.shape(&memory))
            })
            .collect();
        views.dedup();
        views
    }

    /// The shape of the graph's input whose memory has the axes in this order.
    fn shape(&self, memory: &[usize]) -> Shape {
        let dims: Vec<usize> = memory.iter().map(|&axis| self.dims[axis]).collect();
        match dims.as_slice() {
            [] => Shape::from([1]),
            // A sequence is an image one row high.
            [length, channels] => Shape::from([1, *length, *channels]),
            [rows @ .., columns, channels] => {
                Shape::from([rows.iter().product(), *columns, *channels])
            }
            _ => Shape::from(dims),
        }
    }
}

/// The name of the one output.
fn output<'a>(graph: &'a schema::Graph, obstacles: &mut Obstacles) -> Option<&'a str> {
    if let [output] = graph.output.as_slice() {
        return Some(&output.name);
    }
    let names: Vec<&str> = graph.output.iter().map(|o| o.name.as_str()).collect();
    obstacles.0.push(of_network(
        &graph.name,
        "outputs",
        format!("{names:?}"),
        "one output; cut the others off with onnx.utils.extract_model",
    ));
    None
}

/// How good an import is: the fewer obstacles, and then the fewer moves and reshapes, the
/// better; a batch is a batch if that can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    obstacles: usize,
    without_batch: bool,
    moves: usize,
    reshapes: usize,
}

impl Cost {
    const NONE: Cost = Cost {
        obstacles: 0,
        without_batch: false,
        moves: 0,
        reshapes: 0,
    };
}

/// One way in which the input may lie in the memory.
struct Start<'i, 'a> {
    input: &'i Input<'a>,
    view: View,
    shape: Shape,
}

/// The import from one start.
struct Trial {
    imported: Option<Imported<Graph>>,
    obstacles: Obstacles,
    cost: Cost,
}

impl Trial {
    fn cost(&self) -> Cost {
        Cost {
            obstacles: self.obstacles.0.len(),
            ..self.cost
        }
    }

    fn run<'a>(
        graph: &'a schema::Graph,
        opset: i64,
        constants: &HashMap<&'a str, Value>,
        readers: &Readers<'a>,
        start: &Start<'_, 'a>,
        output: &str,
    ) -> Trial {
        let Start { input, view, shape } = start;
        let mut trial = Trial {
            imported: None,
            obstacles: Obstacles::default(),
            cost: Cost {
                without_batch: view.batch_axis().is_none() && input.dims.len() > 1,
                ..Cost::NONE
            },
        };
        let started = Graph::with_input(graph.name.clone(), input.name, shape.clone());
        let started = match started {
            Ok(started) => started,
            Err(error) => {
                let shape = format!("{:?}", input.dims);
                let supported = format!("a shape that can be computed; {error}");
                let obstacle = of_network(&graph.name, input.name, shape, &supported);
                trial.obstacles.0.push(obstacle);
                return trial;
            }
        };
        let first = Value::Activation(Activation {
            node: started.output(),
            view: view.clone(),
        });
        let mut network = Network::new(started);
        let mut values = constants.clone();
        values.insert(input.name, first);
        let mut folds = fold::Budget::of(constants);
        for node in &graph.node {
            let inputs = node.input.iter().map(|name| match name.as_str() {
                "" => Value::Absent,
                // A value that no node gives is an obstacle of its reader.
                name => values.get(name).cloned().unwrap_or(Value::Absent),
            });
            let mut call = Call {
                node,
                opset,
                inputs: inputs.collect(),
                values: &values,
                network: &mut network,
                readers,
                obstacles: &mut trial.obstacles,
            };
            let given = operators::import(&mut call, &mut folds).unwrap_or_else(|Stop| Vec::new());
            let given = given.into_iter().chain(std::iter::repeat(Value::Unknown));
            for (name, value) in node.output.iter().zip(given) {
                values.insert(name, value);
            }
        }
        trial.cost.moves = network.moves();
        trial.cost.reshapes = network.reshapes();
        let nodes = values.iter().filter_map(|(&value, known)| match known {
            Value::Activation(known) => {
                Some((value.to_owned(), network.name(known.node).to_owned()))
            }
            _ => None,
        });
        let nodes = nodes.collect();
        match values.get(output) {
            Some(Value::Activation(value))
                if value.view.batch() > 1 && value.view.batch_axis() != Some(0) =>
            {
                trial.obstacles.0.push(of_network(
                    &graph.name,
                    output,
                    format!("{:?}", value.view.dims()),
                    "an output whose first axis is the batch",
                ));
            }
            Some(Value::Activation(value)) => match network.finish(value) {
                Ok((graph, output)) => {
                    let in_place = output.factors() == value.view.factors();
                    trial.cost.moves += usize::from(!in_place);
                    trial.imported = Some(Imported {
                        network: graph,
                        input: view.clone(),
                        output,
                        nodes,
                    });
                }
                Err(_) => trial.obstacles.0.push(of_network(
                    &graph.name,
                    output,
                    format!("{:?}", value.view.dims()),
                    "an output in the order of a tensor [height, width, channels]",
                )),
            },
            Some(Value::Unknown) => {}
            _ => {
                let maker = graph
                    .node
                    .iter()
                    .find(|node| node.output.iter().any(|o| o == output));
                trial.obstacles.0.push(of_network(
                    maker.map_or(&graph.name, |node| name(node)),
                    output,
                    "a constant".to_owned(),
                    "an output that depends on the input",
                ));
            }
        }
        trial
    }
}
