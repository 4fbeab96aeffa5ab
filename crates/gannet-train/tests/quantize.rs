//! Quantization-aware training on the real MNIST.

use std::num::NonZero;

use gannet_data::{Classes, Dataset, Images, Score, Split};
use gannet_graph::quantized::WeightBits;
use gannet_graph::{BatchNormalization, Conv2D, Dense, Dropout, Flatten, Function, Graph};
use gannet_graph::{MaxPool2D, Padding, Window};
use gannet_quantize::{Method, outputs, quantize};
use gannet_train::{Control, KernelBits, Quantize, Recipe, Start, Threads, fit};

/// The first images of a split.
fn first(split: &Split, count: usize) -> Split {
    let labels = split.labels()[..count].to_vec();
    Split::new(split.images().first(count), labels, &Classes::digits()).unwrap()
}

/// A convolution with normalization, and a dense layer of few inputs, which 4 bits hurt.
fn network() -> Graph {
    let kernel = Window::new([5, 5], [2, 2], Padding::Same).unwrap();
    let pool = Window::new([2, 2], [2, 2], Padding::Valid).unwrap();
    let mut graph = Graph::new("small", [28, 28, 1]).unwrap();
    let conv = Conv2D::zeros(kernel, 1, 4);
    graph.push("conv", conv).unwrap();
    graph.push("norm", BatchNormalization::identity(4)).unwrap();
    graph.push("pool", MaxPool2D::new(pool)).unwrap();
    graph.push("flatten", Flatten).unwrap();
    graph.push("drop", Dropout::new(0.1).unwrap()).unwrap();
    let dense = Dense::zeros(196, 10).with_activation(Function::Softmax);
    graph.push("dense", dense).unwrap();
    graph
}

fn train(graph: Graph, recipe: &Recipe, threads: usize, train: &Split, test: &Split) -> Graph {
    let threads = Threads::Count(NonZero::new(threads).unwrap());
    let on_event = &mut |_: gannet_train::Event<'_>| Control::Continue;
    fit(graph, train, test, recipe, threads, on_event)
        .unwrap()
        .graph
}

/// Accuracy in integers with dense weights of 4 bits.
fn accuracy(graph: &Graph, calibration: &Images, test: &Split) -> f64 {
    let method = Method {
        dense_bits: WeightBits::Four,
        ..Method::default()
    };
    let quantized = quantize(graph, calibration, &method).unwrap();
    let outputs = outputs(&quantized.graph, test.images()).unwrap();
    let outputs = outputs.iter().map(Vec::as_slice);
    let pairs = outputs.zip(test.labels().iter().copied());
    Score::of(10, pairs).unwrap().top1
}

#[test]
fn training_with_integers_in_mind_wins_back_what_they_cost() {
    let mnist = Dataset::open("mnist").unwrap();
    let (training, test) = (first(mnist.train(), 5000), first(mnist.test(), 1000));
    let recipe = Recipe {
        epochs: 3,
        seed: 1,
        ..Recipe::default()
    };
    let float = train(network(), &recipe, 2, &training, &test);
    let aware = Recipe {
        epochs: 2,
        start: Start::Given,
        quantize: Some(Quantize {
            dense_bits: KernelBits::Four,
            conv_bits: KernelBits::Eight,
        }),
        ..recipe
    };
    let one = train(float.clone(), &aware, 1, &training, &test);
    let three = train(float.clone(), &aware, 3, &training, &test);
    assert!(one.weights().eq(three.weights()), "threads change nothing");
    let kinds: Vec<&str> = one.nodes().iter().map(|node| node.layer().kind()).collect();
    assert!(!kinds.contains(&"BatchNormalization") && !kinds.contains(&"Dropout"));

    let calibration = training.images().first(100);
    let after = accuracy(&float, &calibration, &test);
    let aware = accuracy(&one, &calibration, &test);
    assert!(aware > after, "{aware} {after}");
}
