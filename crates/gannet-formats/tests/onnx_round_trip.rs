//! A network written as ONNX and read back computes the same, and keeps every weight to the
//! bit: as it is, or with the rows of a kernel behind a flattened image in another order on
//! the way.

use gannet_formats::{Model, onnx, read, write};
use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Dense,
    DepthwiseConv2D, Dropout, Flatten, Function, GlobalAveragePool2D, Graph, MaxPool2D, Padding,
    Tensor, Window, ZeroPadding2D, networks,
};

/// Fills a network with every kind of bit pattern: signs, zeros, subnormals, infinities.
fn fill_with_bits(graph: &mut Graph) {
    let mut bits = 0x9E37_79B9_u32;
    for weight in graph.weights_mut().flatten() {
        bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *weight = f32::from_bits(bits);
        if weight.is_nan() {
            *weight = -0.0;
        }
    }
}

/// Fills a network with small numbers, variances among them.
fn fill(graph: &mut Graph) {
    let mut value = 0.0_f32;
    graph.weights_mut().flatten().for_each(|weight| {
        value = (value * 7.3 + 0.37).fract();
        *weight = value * 0.3;
    });
}

fn back(graph: &Graph) -> Graph {
    match onnx::from_bytes(&onnx::to_bytes(graph)).unwrap().network {
        Model::Float(graph) => graph,
        Model::Quantized(_) => panic!("a network of real numbers became one of integers"),
    }
}

#[test]
fn mnist_small_comes_back_whole() {
    let mut graph = networks::mnist_small();
    fill_with_bits(&mut graph);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mnist-small.onnx");
    write(&graph, &path).unwrap();
    let gannet_formats::Model::Float(back) = read(&path).unwrap() else {
        panic!("a network of real numbers");
    };
    // Activation functions are layers of their own in ONNX; regularizers are training's.
    let normal = graph.normal_form();
    assert!(back.weights().eq(normal.weights()));
    let described = |graph: &Graph| -> Vec<(String, String)> {
        let nodes = graph.nodes().iter();
        nodes
            .map(|node| (node.name().to_owned(), node.layer().kind().to_owned()))
            .collect()
    };
    assert_eq!(described(&back), described(&normal));
}

/// What MobileNets and residual networks have.
fn branches() -> Graph {
    let mut graph = Graph::with_input("branches", "image", [9, 8, 2]).unwrap();
    graph
        .push("pad", ZeroPadding2D::new([0, 1], [2, 3]))
        .unwrap();
    let window = Window::new([3, 3], [2, 2], Padding::Same).unwrap();
    let depthwise = DepthwiseConv2D::zeros(window, 2, 3)
        .with_bias()
        .with_activation(Function::Relu6);
    let trunk = graph.push("depthwise", depthwise).unwrap();
    let short = graph
        .add("short", BatchNormalization::identity(6), &[trunk])
        .unwrap();
    let pixel = Window::new([1, 1], [1, 1], Padding::Valid).unwrap();
    let slope = 0.1;
    let conv = Conv2D::zeros(pixel, 6, 6).with_activation(Function::LeakyRelu { slope });
    let long = graph.add("long", conv, &[trunk]).unwrap();
    let sum = graph.add("sum", Add, &[long, trunk, short]).unwrap();
    let pool = AveragePool2D::new(Window::new([2, 3], [1, 1], Padding::Same).unwrap());
    let pool = graph.add("pool", pool, &[sum]).unwrap();
    graph.add("joined", Concatenate, &[sum, pool, sum]).unwrap();
    graph
        .push("softmax", Activation::new(Function::Softmax))
        .unwrap();
    let uneven = Window::new([2, 3], [2, 1], Padding::Same).unwrap();
    graph.push("max", MaxPool2D::new(uneven)).unwrap();
    graph
}

#[test]
fn branches_compute_the_same() {
    let mut graph = branches();
    graph.push("means", GlobalAveragePool2D).unwrap();
    graph.push("dropout", Dropout::new(0.1).unwrap()).unwrap();
    graph.push("dense", Dense::zeros(18, 4)).unwrap();
    check(graph);
}

/// The features go through layers that do not mind their order to a dense one.
#[test]
fn a_flattened_image_computes_the_same() {
    let mut graph = branches();
    graph.push("flatten", Flatten).unwrap();
    let features = graph.output_shape().elements();
    graph
        .push("normalized", BatchNormalization::identity(features))
        .unwrap();
    graph.push("relu", Activation::new(Function::Relu)).unwrap();
    graph.push("dense", Dense::zeros(features, 4)).unwrap();
    let back = check(graph);
    assert!(back.find("flatten").is_some(), "the vector keeps its name");
}

#[test]
fn every_function_comes_back() {
    for &function in Function::ALL {
        let mut graph = Graph::new("net", [2, 2, 3]).unwrap();
        graph.push("function", Activation::new(function)).unwrap();
        let back = back(&graph);
        if function == Function::Linear {
            // It does nothing, and no layer is left of it.
            continue;
        }
        assert_eq!(back.nodes()[1].layer(), graph.nodes()[1].layer());
        assert_eq!(back.nodes()[1].name(), "function");
    }
}

fn check(mut graph: Graph) -> Graph {
    fill(&mut graph);
    let image = Tensor::from_fn([9, 8, 2], |i| (i % 17) as f32 / 17.0 - 0.4);
    let back = back(&graph);
    assert_eq!(back.run(&image), graph.run(&image));
    let mut weights: Vec<u32> = graph.weights().flatten().map(|w| w.to_bits()).collect();
    let mut found: Vec<u32> = back.weights().flatten().map(|w| w.to_bits()).collect();
    weights.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, weights);
    // What ONNX has no choice about comes back as the same network.
    assert!(onnx::to_bytes(&back) == onnx::to_bytes(&graph));
    back
}
