//! A graph as text and back: for every layer kind the same layers, names and wiring.

use std::collections::HashSet;
use std::path::Path;

use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose,
    Cropping2D, Dense, DepthwiseConv2D, Dropout, Flatten, Function, GlobalAveragePool2D,
    GlobalMaxPool2D, Graph, Layer, MaxPool2D, Maximum, Minimum, Multiply, PReLU, Padding, Permute,
    Regularizer, Rescaling, Reshape, Subtract, Tensor, UpSampling2D, Window, ZeroPadding2D,
    networks,
};
use gannet_project::{Project, network_text};

fn again(graph: &Graph) -> Graph {
    let text = format!("name = \"{}\"\n{}", graph.name(), network_text(graph));
    let project = Project::parse(Path::new("gannet.toml"), &text, &[], &[]);
    project
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
        .graph
}

fn window(kernel: [usize; 2], stride: [usize; 2], padding: Padding) -> Window {
    Window::new(kernel, stride, padding).unwrap()
}

/// Every kind, with options that are not the default ones, and branches.
fn everything() -> Graph {
    let mut graph = Graph::with_input("everything", "picture", [12, 10, 3]).unwrap();
    let same = window([3, 3], [2, 1], Padding::Same);
    let conv = Conv2D::zeros(window([3, 2], [1, 1], Padding::Same), 3, 6)
        .with_kernel_regularizer(Regularizer { l1: 1e-5, l2: 3e-4 })
        .with_activation(Function::LeakyRelu { slope: 0.1 });
    let stem = graph.push("stem", conv).unwrap();
    let ones = || Some(Tensor::from_fn([6], |_| 1.0));
    let mut normal =
        BatchNormalization::new(ones(), None, Tensor::zeros([6]), ones().unwrap(), 1e-5).unwrap();
    normal.momentum = 0.9;
    let left = graph.push("batch_normalization", normal).unwrap();
    let right = graph
        .add("right", BatchNormalization::identity(6), &[stem])
        .unwrap();
    let sum = graph.add("add", Add, &[left, right]).unwrap();
    let mut depthwise = DepthwiseConv2D::zeros(same, 6, 2)
        .with_bias()
        .with_activation(Function::Relu6);
    depthwise.kernel_regularizer = Regularizer::l2(1e-4);
    let deep = graph.add("a/b \"c\"", depthwise, &[sum]).unwrap();
    let flat = graph
        .add(
            "average",
            AveragePool2D::new(window([2, 2], [2, 1], Padding::Same)),
            &[sum],
        )
        .unwrap();
    graph
        .add("concatenate", Concatenate, &[deep, flat])
        .unwrap();
    graph
        .push("pad", ZeroPadding2D::new([1, 0], [2, 3]))
        .unwrap();
    graph
        .push(
            "max",
            MaxPool2D::new(window([3, 2], [3, 2], Padding::Valid)),
        )
        .unwrap();
    graph
        .push("leaky", Activation::new(Function::LeakyRelu { slope: 0.2 }))
        .unwrap();
    shapes(&mut graph);
    joins(&mut graph);
    let pooled = graph
        .push("global_average_pooling2d", GlobalAveragePool2D)
        .unwrap();
    let pooled = graph.add("flatten", Flatten, &[pooled]).unwrap();
    let features = graph.node(pooled).output_shape().elements();
    graph.push("dropout", Dropout::new(0.25).unwrap()).unwrap();
    let dense = Dense::new(Tensor::zeros([features, 4]), None).unwrap();
    graph.push("dense", dense).unwrap();
    graph
        .push(
            "dense_1",
            Dense::zeros(4, 2).with_activation(Function::Softmax),
        )
        .unwrap();
    graph
}

/// Kinds that are about shapes.
fn shapes(graph: &mut Graph) {
    let [height, width, channels] = graph.output_shape().as_image().unwrap();
    graph
        .push("up", UpSampling2D::new([2, 3]).unwrap())
        .unwrap();
    graph.push("crop", Cropping2D::new([1, 0], [0, 2])).unwrap();
    let dims = [width * 3 - 2, height * 2 - 1, channels];
    graph.push("reshape", Reshape::new(dims)).unwrap();
    let permute = Permute::new(vec![1, 0, 2]).unwrap();
    graph.push("permute", permute).unwrap();
}

/// Kinds of several inputs, and convolutions with their rarer options.
fn joins(graph: &mut Graph) {
    let channels = graph.output_shape().channels();
    let trunk = graph.output();
    let explicit = window([2, 2], [1, 1], Padding::explicit([1, 0], [0, 1]));
    let explicit = explicit.with_dilation([1, 1]).unwrap();
    let grouped = Conv2D::zeros(explicit, channels / 3, 6).with_groups(3);
    let left = graph.add("grouped", grouped.unwrap(), &[trunk]).unwrap();
    let wide = window([3, 2], [1, 1], Padding::Same).with_dilation([2, 1]);
    let dilated = Conv2D::zeros(wide.unwrap(), channels, 6);
    let right = graph.add("dilated", dilated, &[trunk]).unwrap();
    let both = [left, right];
    let product = graph.add("multiply", Multiply, &both).unwrap();
    let difference = graph.add("subtract", Subtract, &both).unwrap();
    let least = graph
        .add("minimum", Minimum, &[product, difference])
        .unwrap();
    let most = graph.add("maximum", Maximum, &[least, left]).unwrap();
    let slopes = PReLU::new(Tensor::zeros([1, 1, 6]));
    graph.add("prelu", slopes, &[most]).unwrap();
    let offset = vec![0.5, 0.25, -1.0, 0.0, 1.0, 2.0];
    let rescaling = Rescaling::new(vec![1.5], offset).unwrap();
    let scaled = graph.push("rescaling", rescaling).unwrap();
    let padding = Padding::explicit([1, 1], [0, 1]);
    let larger = Conv2DTranspose::zeros(window([3, 3], [2, 2], padding), 6, 6).with_bias();
    let larger = larger.with_output_padding([1, 0]).unwrap();
    graph.push("transposed", larger).unwrap();
    let pooled = graph.push("most", GlobalMaxPool2D).unwrap();
    let weights = graph
        .add("weights", Reshape::new([1, 1, 6]), &[pooled])
        .unwrap();
    graph.add("weigh", Multiply, &[scaled, weights]).unwrap();
}

#[test]
fn every_kind_goes_into_text_and_back() {
    let graph = everything();
    let kinds: HashSet<&str> = graph
        .nodes()
        .iter()
        .map(|node| node.layer().kind())
        .collect();
    let all: HashSet<&str> = Layer::KINDS.iter().copied().collect();
    assert_eq!(kinds, all, "the test's network has to have every kind");
    assert_eq!(again(&graph), graph);
    assert_eq!(again(&graph).hash(), graph.hash());
}

#[test]
fn every_function_goes_into_text_and_back() {
    let own_parameters = [
        Function::Elu { alpha: 0.5 },
        Function::clip(f32::NEG_INFINITY, 2.5),
        Function::HARD_SIGMOID_KERAS_2,
    ];
    for &function in Function::ALL.iter().chain(&own_parameters) {
        let mut graph = Graph::new("net", [4]).unwrap();
        graph.push("function", Activation::new(function)).unwrap();
        let dense = Dense::zeros(4, 2).with_activation(function);
        graph.push("dense", dense).unwrap();
        assert_eq!(again(&graph), graph, "{function}");
    }
}

#[test]
fn the_built_in_networks_are_plain_text() {
    for built_in in networks::BUILT_IN {
        let graph = networks::by_name(built_in.name).unwrap();
        assert_eq!(again(&graph), graph);
        let text = network_text(&graph);
        assert!(
            !text.contains("name =") && !text.contains("from ="),
            "{text}"
        );
    }
}
