//! A graph as text and back: for every layer kind the same layers, names and wiring.

use std::collections::HashSet;
use std::path::Path;

use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Dense,
    DepthwiseConv2D, Dropout, Flatten, Function, GlobalAveragePool2D, Graph, Layer, MaxPool2D,
    Padding, Regularizer, Tensor, Window, ZeroPadding2D, networks,
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
