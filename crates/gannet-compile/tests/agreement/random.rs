//! Random networks: odd sizes, kernels, strides, paddings, holes and branches. One that fails is
//! printed as `gannet.toml`.

use crate::plan::{Family, Plan, compare, compare_with_reference};
use crate::reference;
use crate::suite::{self, Random};
use gannet_compile::ir::Program;
use gannet_compile::{CompileError, InputFormat, Options, compile};
use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose,
    Cropping2D, Dense, DepthwiseConv2D, Flatten, Function, GlobalAveragePool2D, GlobalMaxPool2D,
    Graph, GraphError, Layer, MaxPool2D, Maximum, Minimum, Multiply, Node, NodeId, PReLU, Padding,
    Permute, Subtract, Tensor, UpSampling2D, Window, ZeroPadding2D,
};
use gannet_project::network_text;

/// How many networks the test computes.
const NETWORKS: u64 = 500;
/// How many of them are computed on the emulated board too.
const EMULATED: usize = 50;
/// How many are computed by the interpreter and the reference alone.
pub const THOUSANDS: u64 = 20_000;
/// The largest image and layer, in elements: what keeps the test quick.
const LARGEST: usize = 1_500;

pub struct Floats;

impl Family for Floats {
    type Graph = Graph;

    /// With weights that keep values near one.
    fn graph(plan: &Plan) -> Graph {
        let mut graph = Graph::new(format!("random-{}", plan.seed), plan.image).unwrap();
        for (i, &choice) in plan.choices.iter().enumerate() {
            // A layer that does not suit the shape before it is left out.
            let _ = add(&mut graph, i, &mut Random::new(choice));
        }
        let computes = |node: &Node| !matches!(node.layer(), Layer::Input(_) | Layer::Flatten(_));
        if !graph.nodes().iter().any(computes) {
            let end = Activation::new(Function::Sigmoid);
            graph.push("end", end).expect("it suits every shape");
        }
        suite::fill(&mut graph, &mut Random::new(plan.seed));
        graph
    }

    fn compiled(graph: &Graph) -> Result<Program, CompileError> {
        let input = InputFormat::PIXELS;
        compile(graph, &Options::new(input))
    }

    fn agrees(graph: &Graph) -> bool {
        reference::agrees(graph)
    }

    fn text(graph: &Graph) -> String {
        network_text(graph)
    }
}

/// Appends one layer, or a branch of two that are joined.
fn add(graph: &mut Graph, i: usize, random: &mut Random) -> Result<(), GraphError> {
    let shape = graph.node(graph.output()).output_shape().dims().to_vec();
    let name = |what: &str| format!("{what}_{i}");
    let before = graph.output();
    match shape[..] {
        [height, width, channels] if height * width * channels <= LARGEST => {
            let layer = image_layer(random, [height, width, channels])?;
            graph.add(name("layer"), layer, &[before])?;
            if random.below(4) == 0 {
                branch(graph, i, before, random)?;
            }
        }
        [features] => {
            let layer = vector_layer(random, features);
            graph.add(name("layer"), layer, &[before])?;
        }
        _ => {
            graph.add(name("flat"), Flatten, &[before])?;
            let features = shape.iter().product();
            graph.push(name("dense"), Dense::zeros(features, 1 + random.below(6)))?;
        }
    }
    Ok(())
}

/// Joins the latest value with what was there before it, where their shapes allow it.
fn branch(
    graph: &mut Graph,
    i: usize,
    before: NodeId,
    random: &mut Random,
) -> Result<(), GraphError> {
    let after = graph.output();
    let join: Layer = match random.below(5) {
        0 => Add.into(),
        1 => Multiply.into(),
        2 => match random.below(2) {
            0 => Maximum.into(),
            _ => Minimum.into(),
        },
        3 => Subtract.into(),
        _ => Concatenate.into(),
    };
    graph.add(format!("join_{i}"), join, &[after, before])?;
    Ok(())
}

fn image_layer(
    random: &mut Random,
    [height, width, channels]: [usize; 3],
) -> Result<Layer, GraphError> {
    let function = function(random);
    Ok(match random.below(15) {
        0..=2 => {
            let filters = 1 + random.below(11);
            let layer = Conv2D::zeros(window(random)?, channels, filters);
            let layer = layer.with_activation(function);
            match random.below(2) {
                0 => layer.into(),
                _ => layer.with_bias().into(),
            }
        }
        3 | 4 => {
            let layer = DepthwiseConv2D::zeros(window(random)?, channels, 1 + random.below(3));
            layer.with_bias().with_activation(function).into()
        }
        5 | 6 => MaxPool2D::new(window(random)?.with_dilation([1, 1])?).into(),
        7 => AveragePool2D::new(window(random)?.with_dilation([1, 1])?).into(),
        8 => BatchNormalization::identity(channels).into(),
        9 => Activation::new(function).into(),
        10 => {
            let mut side = || [random.below(3), random.below(3)];
            ZeroPadding2D::new(side(), side()).into()
        }
        11 => match random.below(4) {
            0 => GlobalAveragePool2D.into(),
            1 => GlobalMaxPool2D.into(),
            2 => Cropping2D::new([random.below(2), 1], [0, random.below(3)]).into(),
            _ => UpSampling2D::new([1 + random.below(2), 1 + random.below(3)])?.into(),
        },
        12 => {
            let layer = Conv2DTranspose::zeros(window(random)?, channels, 1 + random.below(4));
            layer.with_bias().with_activation(function).into()
        }
        13 => match random.below(2) {
            0 => Permute::new(vec![1, 2, 0])?.into(),
            _ => {
                let alpha = [[1, 1, channels], [height, 1, 1], [1, width, channels]];
                PReLU::new(Tensor::zeros(alpha[random.below(3)])).into()
            }
        },
        _ => Flatten.into(),
    })
}

fn vector_layer(random: &mut Random, features: usize) -> Layer {
    let function = function(random);
    match random.below(3) {
        0 => Activation::new(function).into(),
        _ => {
            let layer = Dense::zeros(features, 1 + random.below(17));
            layer.with_activation(function).into()
        }
    }
}

fn function(random: &mut Random) -> Function {
    Function::ALL[random.below(Function::ALL.len())]
}

fn window(random: &mut Random) -> Result<Window, GraphError> {
    let mut pair = |n: usize| [1 + random.below(n), 1 + random.below(n)];
    let (kernel, stride, holes) = (pair(4), pair(3), pair(2));
    let padding = match random.below(4) {
        0 | 1 => Padding::Same,
        2 => Padding::Valid,
        _ => Padding::explicit([random.below(2), random.below(2)], [random.below(2), 1]),
    };
    Window::new(kernel, stride, padding)?.with_dilation(holes)
}

#[test]
#[ignore = "takes minutes: cargo test -p gannet-compile --test agreement thousands -- --ignored"]
fn thousands_of_random_networks_keep_to_the_reference() {
    compare_with_reference::<Floats>(THOUSANDS);
}

#[test]
#[ignore = "takes minutes: cargo test -p gannet-compile --test agreement random -- --ignored"]
fn random_networks_are_computed_alike_in_every_way() {
    compare::<Floats>(NETWORKS, EMULATED);
}
