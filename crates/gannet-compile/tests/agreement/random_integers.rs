//! Random networks of integers: all kinds, odd sizes, strides, paddings, holes, zero points and
//! scales, and branches.

use crate::integers::{self, AIMS, products_of_bits, values};
use crate::plan::{Family, Plan, compare, compare_with_reference};
use crate::random::THOUSANDS;
use crate::suite::Random;
use gannet_compile::ir::Program;
use gannet_compile::{CompileError, Optimize};
use gannet_graph::quantized::{
    Add, AveragePool2D, Bias, Clamp, Concatenate, Conv2D, Conv2DTranspose, Dense, DepthwiseConv2D,
    Element, GlobalAveragePool2D, HardSwish, Layer, LeakyRelu, MaxPool2D, Maximum, Minimum,
    Multiply, PReLU, Products, Quantization, QuantizedGraph, Relu, Requantize, Reshape, Sigmoid,
    Softmax, Subtract, Tanh, TensorType, UpSampling2D, WeightBits, ZeroPadding2D,
};
use gannet_graph::{GraphError, NodeId, Padding, Window};

/// The largest image and layer, in elements: what keeps the test quick.
const LARGEST: usize = 1_500;

pub struct Integers;

impl Family for Integers {
    type Graph = QuantizedGraph;

    fn graph(plan: &Plan) -> QuantizedGraph {
        let mut random = Random::new(plan.seed);
        let input = match random.below(6) {
            0..=2 => integers::pixels(),
            3 => quantization_of(Element::I16, &mut random),
            _ => quantization_of(Element::I8, &mut random),
        };
        let name = format!("random-integers-{}", plan.seed);
        let mut graph = QuantizedGraph::new(name, TensorType::new(plan.image, input)).unwrap();
        for (i, &choice) in plan.choices.iter().enumerate() {
            // A layer that does not suit the shape or the scale before it is left out.
            let _ = add(&mut graph, i, &mut Random::new(choice));
        }
        if graph.nodes().len() == 1 {
            graph.push("end", Sigmoid).expect("it suits every shape");
        }
        graph
    }

    fn compiled(graph: &QuantizedGraph) -> Result<Program, CompileError> {
        integers::compiled(graph, aim(graph))
    }

    fn agrees(graph: &QuantizedGraph) -> bool {
        integers::departure(graph, aim(graph), 3).is_none()
    }

    fn text(graph: &QuantizedGraph) -> String {
        let line = |id: NodeId| {
            let node = graph.node(id);
            let inputs: Vec<&str> = (node.inputs().iter())
                .map(|&input| graph.node(input).name())
                .collect();
            let (layer, output) = (node.layer(), node.output());
            format!(
                "{} = {}({}) {:?} {} {}\n",
                node.name(),
                layer.kind(),
                inputs.join(", "),
                layer.attributes(),
                output.shape,
                output.quantization
            )
        };
        graph.ids().map(line).collect()
    }
}

/// What a network is compiled for: as many for each.
fn aim(graph: &QuantizedGraph) -> Optimize {
    let name: usize = graph.name().bytes().map(usize::from).sum();
    AIMS[name % AIMS.len()]
}

/// What values of `element` may stand for.
fn quantization_of(element: Element, random: &mut Random) -> Quantization {
    let scale = 0.01 * (1.0 + 4.0 * (random.weight() + 1.0));
    match element {
        Element::I16 => Quantization::new(element, scale / 200.0, 0).unwrap(),
        _ => values(scale, i32::from(random.bits() as i8)),
    }
}

/// The same of the element of `graph`.
fn quantization(graph: &QuantizedGraph, random: &mut Random) -> Quantization {
    quantization_of(element(graph), random)
}

fn element(graph: &QuantizedGraph) -> Element {
    graph.input_type().quantization.element()
}

/// Weights and a bias: behind int16, whose sums may have 64 bits, of either width or none.
fn products(
    graph: &QuantizedGraph,
    random: &mut Random,
    weights: (&[usize], WeightBits),
    [outputs, scales]: [usize; 2],
    (output, clamp): (Quantization, Clamp),
) -> Products {
    let products = products_of_bits(random, weights, [outputs, scales], output, clamp);
    let is_dense = weights.0.len() == 2;
    let bias = match (element(graph), random.below(3)) {
        (Element::I16, 0) => None,
        (Element::I16, 1) if !is_dense => return products,
        (Element::I16, _) => {
            let wide = (0..outputs).map(|_| (random.weight() * 1e6) as i64);
            Some(Bias::I64(wide.collect()))
        }
        _ => return products,
    };
    Products::new(products.kernel().clone(), bias, output, clamp)
}

fn clamp(random: &mut Random) -> Clamp {
    Clamp::ALL[random.below(Clamp::ALL.len())]
}

fn any_window(random: &mut Random) -> Result<Window, GraphError> {
    let mut pair = |n: usize| [1 + random.below(n), 1 + random.below(n)];
    let (kernel, stride) = (pair(4), pair(3));
    let padding = match random.below(4) {
        0 | 1 => Padding::Same,
        2 => Padding::Valid,
        // Less than the window: elsewhere a pooling window would lie in the padding alone.
        _ => {
            let [above, left] = kernel.map(|extent| random.below(extent.min(3)));
            Padding::explicit([above, 0], [left, kernel[1] - 1])
        }
    };
    Window::new(kernel, stride, padding)
}

/// Appends one layer, or a branch of two that are joined.
fn add(graph: &mut QuantizedGraph, i: usize, random: &mut Random) -> Result<(), GraphError> {
    let shape = graph.output_type().shape.dims().to_vec();
    let before = graph.output();
    match shape[..] {
        [height, width, channels] if height * width * channels <= LARGEST => {
            image_layer(
                graph,
                &format!("layer_{i}"),
                random,
                [height, width, channels],
            )?;
            if random.below(3) == 0 {
                join(graph, &format!("join_{i}"), before, random)?;
            }
        }
        [features] => vector_layer(graph, &format!("layer_{i}"), random, features)?,
        _ => {
            let features = shape.iter().product();
            graph.push(format!("flat_{i}"), Reshape::new([features]))?;
            dense(graph, &format!("dense_{i}"), random, features)?;
        }
    }
    Ok(())
}

/// Joins the latest value with what was there before it, where their shapes allow it.
fn join(
    graph: &mut QuantizedGraph,
    name: &str,
    before: NodeId,
    random: &mut Random,
) -> Result<(), GraphError> {
    let (after, output, clamp) = (graph.output(), quantization(graph, random), clamp(random));
    match random.below(6) {
        4 | 5 => {
            let output = graph.node(before).output().quantization;
            let same = graph.push(format!("{name}_same"), Requantize { output })?;
            match random.below(2) {
                0 => graph.add(name, Maximum, &[same, before])?,
                _ => graph.add(name, Minimum, &[same, before])?,
            }
        }
        0 => graph.add(name, Add { output, clamp }, &[after, before])?,
        1 => graph.add(name, Subtract { output, clamp }, &[after, before])?,
        2 => graph.add(name, Multiply { output, clamp }, &[after, before])?,
        _ => {
            let output = graph.node(before).output().quantization;
            let same = graph.push(format!("{name}_same"), Requantize { output })?;
            graph.add(name, Concatenate, &[same, before, same])?
        }
    };
    Ok(())
}

fn image_layer(
    graph: &mut QuantizedGraph,
    name: &str,
    random: &mut Random,
    [height, width, channels]: [usize; 3],
) -> Result<(), GraphError> {
    let window = any_window(random)?;
    let [kernel_height, kernel_width] = window.kernel();
    let holes = [1 + random.below(4) / 3, 1 + random.below(4) / 3];
    let (output, clamp) = (quantization(graph, random), clamp(random));
    match random.below(16) {
        0..=2 => {
            let shares = (1..=channels).filter(|groups| channels.is_multiple_of(*groups));
            let shares: Vec<usize> = shares.collect();
            let groups = match random.below(3) {
                0 => shares[random.below(shares.len())],
                _ => 1,
            };
            let filters = groups * (1 + random.below(11) / groups);
            let shape = [kernel_height, kernel_width, channels / groups, filters];
            let scales = [1, filters][random.below(2)];
            let shape = (&shape[..], bits(random));
            let products = products(graph, random, shape, [filters, scales], (output, clamp));
            let window = window.with_dilation(holes)?;
            let layer = Conv2D::new(window, products)?.with_groups(groups)?;
            graph.push(name, layer)?
        }
        3 | 4 => {
            let multiplier = [1, 1, 2][random.below(3)];
            let shape = [kernel_height, kernel_width, channels, multiplier];
            let outputs = channels * multiplier;
            let scales = [1, outputs][random.below(2)];
            let shape = (&shape[..], WeightBits::Eight);
            let products = products(graph, random, shape, [outputs, scales], (output, clamp));
            let window = window.with_dilation(holes)?;
            graph.push(name, DepthwiseConv2D::new(window, products)?)?
        }
        5 | 6 => graph.push(name, MaxPool2D { window, clamp })?,
        7 | 8 => graph.push(name, AveragePool2D { window, clamp })?,
        9 => {
            let keep_dims = random.below(2) == 0;
            graph.push(name, GlobalAveragePool2D { output, keep_dims })?
        }
        10 => {
            let mut side = || [random.below(3), random.below(3)];
            let (vertical, horizontal) = (side(), side());
            graph.push(
                name,
                ZeroPadding2D {
                    vertical,
                    horizontal,
                },
            )?
        }
        11 => match random.below(3) {
            2 => {
                let size = [1 + random.below(2), 1 + random.below(3)];
                graph.push(name, UpSampling2D::new(size)?)?
            }
            0 => graph.push(name, Reshape::new([width, height, channels]))?,
            _ => graph.push(name, Reshape::new([height * width * channels]))?,
        },
        // Behind int16 there is no code for it.
        12 if element(graph) == Element::I8 => {
            let filters = 1 + random.below(6);
            let shape = [kernel_height, kernel_width, channels, filters];
            let scales = [1, filters][random.below(2)];
            let shape = (&shape[..], WeightBits::Eight);
            let products = products(graph, random, shape, [filters, scales], (output, clamp));
            let window = window.with_dilation(holes)?;
            graph.push(name, Conv2DTranspose::new(window, products)?)?
        }
        13 => {
            let whole = [height, width, channels];
            let alpha = [[1, 1, channels], [1, 1, 1], [height, 1, channels], whole];
            let alpha = &alpha[random.below(alpha.len())];
            graph.push(name, prelu(random, alpha, output)?)?
        }
        _ => return function(graph, name, random),
    };
    Ok(())
}

/// Slopes of any value, for so many extents.
fn prelu(random: &mut Random, alpha: &[usize], output: Quantization) -> Result<PReLU, GraphError> {
    let elements = alpha.iter().product();
    let slopes = (0..elements).map(|_| random.bits() as i8).collect();
    let of = quantization_of(Element::I8, random);
    let alpha = TensorType::new(alpha.to_vec(), of);
    PReLU::new(output, alpha, slopes)
}

fn vector_layer(
    graph: &mut QuantizedGraph,
    name: &str,
    random: &mut Random,
    features: usize,
) -> Result<(), GraphError> {
    match random.below(6) {
        0 | 1 => function(graph, name, random),
        2 => {
            let output = quantization(graph, random);
            let alpha = [1, features][random.below(2)];
            let layer = prelu(random, &[alpha], output)?;
            graph.push(name, layer).map(|_| ())
        }
        _ => dense(graph, name, random, features),
    }
}

/// Half of all weights have eight bits.
fn bits(random: &mut Random) -> WeightBits {
    use WeightBits::{Eight, Four, Two};
    [Eight, Eight, Four, Two][random.below(4)]
}

fn dense(
    graph: &mut QuantizedGraph,
    name: &str,
    random: &mut Random,
    features: usize,
) -> Result<(), GraphError> {
    // With more, sums of 16 bits are too large.
    if element(graph) == Element::I16 && features > 1_000 {
        return Ok(());
    }
    let units = 1 + random.below(17);
    let scales = [1, units][random.below(2)];
    let (output, clamp) = (quantization(graph, random), clamp(random));
    let shape = (&[features, units][..], bits(random));
    let products = products(graph, random, shape, [units, scales], (output, clamp));
    graph.push(name, Dense::new(products)?)?;
    Ok(())
}

/// A function of each value, or softmax.
fn function(graph: &mut QuantizedGraph, name: &str, random: &mut Random) -> Result<(), GraphError> {
    let (output, clamp) = (quantization(graph, random), clamp(random));
    match random.below(8) {
        0 => graph.push(name, Sigmoid)?,
        1 => graph.push(name, Tanh)?,
        2 => {
            let slope = random.weight().abs();
            graph.push(name, LeakyRelu { output, slope })?
        }
        3 => graph.push(name, HardSwish { output })?,
        4 => graph.push(name, Requantize { output })?,
        5 => graph.push(name, Relu { output, clamp })?,
        _ => {
            let beta = 1.0 + random.weight().abs();
            graph.push(name, Softmax { beta })?
        }
    };
    Ok(())
}

/// How many networks the quick test computes.
const FEW: u64 = 24;
/// How many the slow one computes.
const MANY: u64 = 500;

#[test]
fn random_integers_are_computed_alike_in_every_way() {
    compare::<Integers>(FEW, 0);
}

#[test]
fn many_random_networks_have_every_kind() {
    let graphs: Vec<QuantizedGraph> = (0..MANY).map(|i| Integers::graph(&Plan::new(i))).collect();
    let nodes = || graphs.iter().flat_map(|graph| graph.nodes());
    let is_missing = |kind: &&&str| nodes().all(|node| node.layer().kind() != **kind);
    let missing: Vec<_> = Layer::KINDS.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "no network has {missing:?}");
}

#[test]
#[ignore = "takes minutes: cargo test -p gannet-compile --test agreement random -- --ignored"]
fn many_random_integers_are_computed_alike_in_every_way() {
    compare::<Integers>(MANY, 50);
}

#[test]
#[ignore = "takes minutes: cargo test -p gannet-compile --test agreement thousands -- --ignored"]
fn thousands_of_random_integers_keep_to_the_reference() {
    compare_with_reference::<Integers>(THOUSANDS);
}
