//! A network written and read back is the same network, to the bit.

use std::collections::BTreeMap;

use gannet_formats::{keras, read_float, write};
use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose,
    Cropping2D, Dense, DepthwiseConv2D, Dropout, Flatten, Function, GlobalAveragePool2D,
    GlobalMaxPool2D, Graph, Layer, MaxPool2D, Maximum, Minimum, Multiply, PReLU, Padding, Permute,
    Regularizer, Rescaling, Reshape, Subtract, Tensor, UpSampling2D, Window, ZeroPadding2D,
    networks,
};

/// Fills a network with every kind of bit pattern: signs, zeros, subnormals, infinities.
fn fill(graph: &mut Graph) {
    let mut bits = 0x9E37_79B9_u32;
    for weight in graph.weights_mut().flatten() {
        bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *weight = f32::from_bits(bits);
        if weight.is_nan() {
            *weight = -0.0;
        }
    }
}

/// Every node with its name, its layer and the names of what it is wired to; the order in which
/// they are listed is the format's.
fn layers(graph: &Graph) -> BTreeMap<&str, (&Layer, Vec<&str>)> {
    let name = |id| graph.node(id).name();
    let nodes = graph.nodes().iter().map(|node| {
        let inputs = node.inputs().iter().map(|&id| name(id)).collect();
        (node.name(), (node.layer(), inputs))
    });
    nodes.collect()
}

/// Checks that `graph` comes back from a `.keras` file.
fn comes_back_from_an_archive(graph: &Graph) {
    let file = keras::to_archive(graph).unwrap();
    assert_eq!(
        file,
        keras::to_archive(graph).unwrap(),
        "no date, no chance"
    );
    let back = keras::from_archive(&file).unwrap();
    assert_eq!(layers(&back), layers(graph));
    assert_eq!(back.name(), graph.name());
}

#[test]
fn mnist_small_comes_back_whole() {
    for extension in ["h5", "keras"] {
        mnist_small_comes_back_from(extension);
    }
}

fn mnist_small_comes_back_from(extension: &str) {
    let mut graph = networks::mnist_small();
    fill(&mut graph);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mnist-small").with_extension(extension);
    write(&graph, &path).unwrap();
    let back = read_float(&path).unwrap();
    assert_eq!(back, graph, "names, wiring, attributes, penalties, values");
    let bits = |graph: &Graph| -> Vec<u32> {
        graph
            .weights()
            .flatten()
            .map(|weight| weight.to_bits())
            .collect()
    };
    assert_eq!(bits(&back), bits(&graph));
    assert_eq!(back.hash(), graph.hash());
}

#[test]
fn every_option_comes_back() {
    let mut graph = Graph::with_input("net", "image", [9, 8, 3]).unwrap();
    let uneven = Window::new([2, 3], [2, 1], Padding::Same).unwrap();
    let conv = Conv2D::zeros(uneven, 3, 5)
        .with_bias()
        .with_activation(Function::Sigmoid)
        .with_kernel_regularizer(Regularizer { l1: 0.3, l2: 0.0 });
    graph.push("conv", conv).unwrap();
    let pool = Window::new([2, 3], [1, 2], Padding::Same).unwrap();
    graph.push("pool", MaxPool2D::new(pool)).unwrap();
    graph.push("flatten", Flatten).unwrap();
    let mut dense = Dense::zeros(5 * 4 * 5, 3).with_activation(Function::Softmax);
    dense.kernel_regularizer = Regularizer { l1: 0.1, l2: 1e-7 };
    graph.push("dense", dense).unwrap();
    let no_form = |function: &Function| {
        matches!(
            function,
            Function::Clip { .. } | Function::HardSigmoid { .. } | Function::GeluTanh
        )
    };
    let own_parameters = [
        Function::LeakyRelu { slope: 0.3 },
        Function::Elu { alpha: 0.7 },
        Function::clip(0.0, 4.0),
    ];
    let functions = Function::ALL.iter().filter(|function| !no_form(function));
    for &function in functions.chain(&own_parameters) {
        let name = graph.free_name(function.name());
        graph.push(name, Activation::new(function)).unwrap();
        let name = graph.free_name("dense");
        let dense = Dense::zeros(3, 3).with_activation(function);
        graph.push(name, dense).unwrap();
    }
    fill(&mut graph);
    let back = keras::from_h5(&keras::to_h5(&graph).unwrap()).unwrap();
    assert_eq!(back, graph);
    comes_back_from_an_archive(&graph);
}

/// All of them are told at once.
#[test]
fn functions_that_keras_does_not_have_are_not_written() {
    let mut graph = Graph::new("net", [3]).unwrap();
    let clip = Function::clip(-2.0, 3.0);
    let dense = Dense::zeros(3, 3).with_activation(clip);
    graph.push("first", dense).unwrap();
    let other = Activation::new(Function::GeluTanh);
    graph.push("second", other).unwrap();
    let error = keras::to_h5(&graph).unwrap_err().to_string();
    let lines = [
        "'first' (Dense): activation is clip(-2, 3)",
        "'second' (Activation)",
    ];
    assert!(lines.iter().all(|line| error.contains(line)), "{error}");
}

/// Groups, holes, larger images, other shapes and every join.
#[test]
fn rarer_layers_come_back() {
    let mut graph = Graph::with_input("net", "image", [4, 6, 3]).unwrap();
    let holes = Window::new([2, 3], [1, 1], Padding::Same).unwrap();
    let holes = holes.with_dilation([2, 1]).unwrap();
    let rescaling = Rescaling::new(vec![0.1, 2.0, 3.0], vec![-1.0]).unwrap();
    graph.push("rescaling", rescaling).unwrap();
    let grouped = Conv2D::zeros(holes, 1, 6).with_groups(3).unwrap();
    let trunk = graph.push("grouped", grouped.with_bias()).unwrap();
    let slopes = PReLU::new(Tensor::zeros([1, 6, 1]));
    let slopes = graph.push("slopes", slopes).unwrap();
    let both = [trunk, slopes];
    let product = graph.add("product", Multiply, &both).unwrap();
    let difference = graph.add("difference", Subtract, &both).unwrap();
    let both = [product, difference];
    let most = graph.add("most", Maximum, &both).unwrap();
    graph.add("least", Minimum, &[most, trunk]).unwrap();
    let larger = Window::new([3, 2], [2, 2], Padding::Valid).unwrap();
    let larger = Conv2DTranspose::zeros(larger, 6, 2).with_activation(Function::Tanh);
    graph.push("larger", larger).unwrap();
    let up = UpSampling2D::new([1, 2]).unwrap();
    graph.push("up", up).unwrap();
    graph.push("crop", Cropping2D::new([1, 0], [2, 2])).unwrap();
    let permute = Permute::new(vec![1, 2, 0]).unwrap();
    graph.push("permute", permute).unwrap();
    graph.push("reshape", Reshape::new([10, 8, 4])).unwrap();
    graph.push("peaks", GlobalMaxPool2D).unwrap();
    fill(&mut graph);
    let h5 = keras::from_h5(&keras::to_h5(&graph).unwrap()).unwrap();
    assert_eq!(h5, graph);
    let archive = keras::from_archive(&keras::to_archive(&graph).unwrap()).unwrap();
    assert_eq!(archive, graph);
}

/// Branches of different lengths, which the nodes, Keras' list and the joins have in
/// different orders; every kind of `branches` with its options.
#[test]
fn branches_come_back() {
    let mut graph = Graph::with_input("net", "image", [6, 5, 2]).unwrap();
    graph
        .push("pad", ZeroPadding2D::new([0, 1], [2, 3]))
        .unwrap();
    let window = Window::new([3, 2], [2, 2], Padding::Same).unwrap();
    let mut depthwise = DepthwiseConv2D::zeros(window, 2, 3).with_bias();
    depthwise.activation = Function::Relu6;
    depthwise.kernel_regularizer = Regularizer { l1: 0.1, l2: 0.2 };
    let trunk = graph.push("depthwise", depthwise).unwrap();
    let ones = || Tensor::from_fn([6], |_| 1.0);
    let mut normalization = BatchNormalization::new(None, None, ones(), ones(), 1e-4).unwrap();
    normalization.momentum = 0.9;
    let short = graph.add("short", normalization, &[trunk]).unwrap();
    let pixel = Window::new([1, 1], [1, 1], Padding::Valid).unwrap();
    let leaky = Function::LeakyRelu { slope: 0.01 };
    let conv = Conv2D::zeros(pixel, 6, 6).with_activation(leaky);
    let long = graph.add("long", conv, &[trunk]).unwrap();
    let long = graph
        .add("longer", Conv2D::zeros(pixel, 6, 6), &[long])
        .unwrap();
    let sum = graph.add("sum", Add, &[long, trunk, short]).unwrap();
    let pool = Window::new([2, 2], [1, 1], Padding::Same).unwrap();
    let pool = graph.add("pool", AveragePool2D::new(pool), &[sum]).unwrap();
    graph.add("joined", Concatenate, &[pool, sum, sum]).unwrap();
    graph
        .push("normalized", BatchNormalization::identity(18))
        .unwrap();
    graph.push("dropout", Dropout::new(0.1).unwrap()).unwrap();
    graph.push("means", GlobalAveragePool2D).unwrap();
    fill(&mut graph);
    let back = keras::from_h5(&keras::to_h5(&graph).unwrap()).unwrap();
    assert_eq!(back, graph);
    assert_eq!(back.hash(), graph.hash());
    comes_back_from_an_archive(&graph);
}

/// Keras has no explicit padding, but a layer for borders of zeros; `/` is none of its letters.
#[test]
fn explicit_padding_is_written_as_a_layer() {
    let mut graph = Graph::with_input("net", "image", [6, 5, 2]).unwrap();
    let window = |padding| Window::new([3, 3], [2, 2], padding).unwrap();
    let explicit = window(Padding::explicit([1, 1], [1, 0]));
    graph.push("conv", Conv2D::zeros(explicit, 2, 3)).unwrap();
    let back = keras::from_h5(&keras::to_h5(&graph).unwrap()).unwrap();
    let mut expected = Graph::with_input("net", "image", [6, 5, 2]).unwrap();
    let border = ZeroPadding2D::new([1, 1], [1, 0]);
    expected.push("conv_padding", border).unwrap();
    let inside = window(Padding::Valid);
    expected.push("conv", Conv2D::zeros(inside, 2, 3)).unwrap();
    assert_eq!(back, expected);
    comes_back_from_an_archive(&expected);
}

/// Keras has no layers that the output does not need.
#[test]
fn what_the_output_does_not_need_is_not_written() {
    let mut graph = Graph::new("net", [2]).unwrap();
    let used = graph.push("used", Dense::zeros(2, 2)).unwrap();
    graph.push("unused", Dense::zeros(2, 3)).unwrap();
    graph.add("end", Dense::zeros(2, 1), &[used]).unwrap();
    let back = keras::from_h5(&keras::to_h5(&graph).unwrap()).unwrap();
    let names: Vec<&str> = back.nodes().iter().map(|node| node.name()).collect();
    assert_eq!(names, ["input", "used", "end"]);
}

/// 1,000 layers: a tree of many symbol nodes, names in many pieces, a long description.
#[test]
fn many_layers_with_long_names_come_back() {
    let mut graph = Graph::new("deep", [2]).unwrap();
    for i in 0..1000 {
        let name = format!("{}_{i}", "x".repeat(150));
        graph.push(name, Activation::new(Function::Relu)).unwrap();
    }
    let back = keras::from_h5(&keras::to_h5(&graph).unwrap()).unwrap();
    assert_eq!(back, graph);
    comes_back_from_an_archive(&graph);
}

/// Keras 3 takes no slash in a layer's name.
#[test]
fn names_that_keras_refuses_are_replaced() {
    let mut graph = Graph::new("net", [2]).unwrap();
    graph.push("a/b", Activation::new(Function::Relu)).unwrap();
    graph.push("a_b", Activation::new(Function::Relu)).unwrap();
    let back = keras::from_h5(&keras::to_h5(&graph).unwrap()).unwrap();
    let names: Vec<&str> = back.nodes().iter().map(|node| node.name()).collect();
    assert_eq!(names, ["input", "a_b", "a_b_1"]);
    assert_eq!(back.hash(), graph.hash());
}
