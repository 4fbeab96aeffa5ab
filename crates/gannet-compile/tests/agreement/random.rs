//! Random networks: odd sizes, kernels, strides, paddings, holes and branches, computed in every
//! way that there is. A network on which two ways differ is made smaller while they still do, and
//! printed as `gannet.toml`.

use crate::compiler::Compiler;
use crate::generated_c;
use crate::generated_rust;
use crate::host::{images, interpreted};
use crate::reference;
use crate::suite::{self, Random};
use gannet_compile::ir::Program;
use gannet_compile::{CompileError, InputFormat, Options, compile};
use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose,
    Cropping2D, Dense, DepthwiseConv2D, Flatten, Function, GlobalAveragePool2D, GlobalMaxPool2D,
    Graph, GraphError, Layer, MaxPool2D, Maximum, Multiply, Node, NodeId, Padding, Permute,
    Subtract, UpSampling2D, Window, ZeroPadding2D,
};
use gannet_project::network_text;

/// How many networks the test computes.
const NETWORKS: u64 = 500;
/// How many of them are computed on the emulated board too.
const EMULATED: usize = 50;
/// The largest image and layer, in elements: what keeps the test quick.
const LARGEST: usize = 1_500;

/// A network as a list of choices: each is made into a layer with whatever shape lies before it,
/// so that any of them can be left out.
#[derive(Clone, Debug)]
struct Plan {
    seed: u64,
    image: [usize; 3],
    choices: Vec<u64>,
}

impl Plan {
    fn new(seed: u64) -> Plan {
        let mut random = Random::new(seed);
        let mut below = |n: u64| 1 + (random.bits() % n) as usize;
        let image = [below(11), below(11), below(4)];
        let length = below(6);
        let choices = (0..length).map(|_| random.bits()).collect();
        Plan {
            seed,
            image,
            choices,
        }
    }

    /// The network, with weights that keep values near one.
    fn graph(&self) -> Graph {
        let mut graph = Graph::new(format!("random-{}", self.seed), self.image).unwrap();
        for (i, &choice) in self.choices.iter().enumerate() {
            // A layer that does not suit the shape before it is left out.
            let _ = add(&mut graph, i, &mut Random::new(choice));
        }
        let computes = |node: &Node| !matches!(node.layer(), Layer::Input(_) | Layer::Flatten(_));
        if !graph.nodes().iter().any(computes) {
            let end = Activation::new(Function::Sigmoid);
            graph.push("end", end).expect("it suits every shape");
        }
        suite::fill(&mut graph, &mut Random::new(self.seed));
        graph
    }

    /// Plans that are a little smaller than this one.
    fn smaller(&self) -> Vec<Plan> {
        let without = (0..self.choices.len()).map(|i| {
            let mut plan = self.clone();
            plan.choices.remove(i);
            plan
        });
        let narrower = (0..3).filter(|&i| self.image[i] > 1).map(|i| {
            let mut plan = self.clone();
            plan.image[i] -= 1;
            plan
        });
        without.chain(narrower).collect()
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
        2 => Maximum.into(),
        3 => Subtract.into(),
        _ => Concatenate.into(),
    };
    graph.add(format!("join_{i}"), join, &[after, before])?;
    Ok(())
}

fn image_layer(random: &mut Random, [_, _, channels]: [usize; 3]) -> Result<Layer, GraphError> {
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
        13 => Permute::new(vec![1, 2, 0])?.into(),
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

fn compiled(graph: &Graph) -> Result<Program, CompileError> {
    let input = InputFormat::PIXELS;
    compile(graph, &Options { input })
}

/// What is wrong with `plan` alone; to find that out takes a build of each language.
fn fault(plan: &Plan) -> Option<String> {
    let graph = plan.graph();
    let program = match compiled(&graph) {
        Ok(program) => program,
        Err(error) => return Some(error.to_string()),
    };
    let images = images(program.input().len(), 3);
    let expected = interpreted(&program, &images);
    if !reference::agrees(&graph) {
        return Some("the interpreter leaves the reference".to_owned());
    }
    if generated_c::run_all(&[&program], std::slice::from_ref(&images), Compiler::GCC)
        != [expected.clone()]
    {
        return Some("C leaves the interpreter".to_owned());
    }
    (generated_rust::run_all(&[&program], &[images]) != [expected])
        .then(|| "Rust leaves the interpreter".to_owned())
}

/// The network, as small as leaving layers out and narrowing the image make it while something
/// is wrong with it, and what is.
fn shrunk(mut plan: Plan) -> String {
    while let Some(smaller) = plan
        .smaller()
        .into_iter()
        .find(|plan| fault(plan).is_some())
    {
        plan = smaller;
    }
    format!(
        "{}:\n{}",
        fault(&plan).unwrap_or_else(|| "nothing, alone".to_owned()),
        network_text(&plan.graph())
    )
}

#[test]
#[ignore = "takes minutes: cargo test -p gannet-compile --test agreement random -- --ignored"]
fn random_networks_are_computed_alike_in_every_way() {
    let plans: Vec<Plan> = (0..NETWORKS).map(Plan::new).collect();
    let graphs: Vec<Graph> = plans.iter().map(Plan::graph).collect();
    let programs: Vec<Program> = (graphs.iter().zip(&plans))
        .map(|(graph, plan)| compiled(graph).unwrap_or_else(|_| panic!("{}", shrunk(plan.clone()))))
        .collect();
    let programs: Vec<&Program> = programs.iter().collect();
    let images: Vec<_> = (programs.iter())
        .map(|program| images(program.input().len(), 3))
        .collect();
    let in_c = generated_c::run_all(&programs, &images, Compiler::GCC);
    let in_rust = generated_rust::run_all(&programs, &images);
    let (few, few_images) = (&programs[..EMULATED], &images[..EMULATED]);
    let emulated = generated_c::run_all(few, few_images, Compiler::ARM);
    assert!(emulated == in_c[..EMULATED], "the board gives other bits");
    for (i, plan) in plans.iter().enumerate() {
        let expected = interpreted(programs[i], &images[i]);
        let alike = reference::agrees(&graphs[i]) && in_c[i] == expected && in_rust[i] == expected;
        assert!(alike, "{}", shrunk(plan.clone()));
    }
}
