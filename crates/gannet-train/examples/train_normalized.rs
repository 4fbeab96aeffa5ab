//! Trains a network with batch normalization on MNIST and prints a line an epoch:
//! `cargo run --release -p gannet-train --example train_normalized -- separable [epochs] [threads]`.
//! `separable` is like a small MobileNet, `digits` has six small convolutions.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use gannet_data::Dataset;
use gannet_graph::{
    Activation, BatchNormalization, Conv2D, Dense, DepthwiseConv2D, Function, GlobalAveragePool2D,
    Graph, GraphError, Layer, MaxPool2D, Padding, Window,
};
use gannet_train::{Control, Event, Loss, Recipe, Threads, fit};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize| words.get(place).and_then(|word| word.parse::<usize>().ok());
    let graph = match words.first().map(String::as_str) {
        Some("digits") => digits()?,
        _ => separable()?,
    };
    let recipe = Recipe {
        epochs: number(1).unwrap_or(3),
        loss: Loss::CategoricalCrossEntropy,
        ..Recipe::default()
    };
    let threads = number(2)
        .and_then(|count| count.try_into().ok())
        .map_or(Threads::All, Threads::Count);
    println!("{} parameters, {} MACs", graph.params(), graph.macs());

    let mnist = Dataset::open("mnist")?;
    let mut on_event = |event: Event<'_>| {
        if let Event::Epoch(epoch) = event {
            println!(
                "epoch {:2}  loss {:.5}  accuracy {:.4}  val_loss {:.5}  val_accuracy {:.4}  {:.2} s + {:.2} s",
                epoch.epoch,
                epoch.loss,
                epoch.accuracy,
                epoch.val_loss,
                epoch.val_accuracy,
                epoch.seconds,
                epoch.val_seconds,
            );
        }
        Control::Continue
    };
    let (train, test) = (mnist.train(), mnist.test());
    let trained = fit(graph, train, test, &recipe, threads, &mut on_event)?;
    println!("network {}", trained.graph.hash());
    Ok(())
}

/// A layer without bias, its normalization and ReLU.
fn block(graph: &mut Graph, layer: impl Into<Layer>) -> Result<(), GraphError> {
    graph.push(graph.free_name("layer"), layer)?;
    let channels = graph.output_shape().channels();
    graph.push(
        graph.free_name("norm"),
        BatchNormalization::identity(channels),
    )?;
    graph.push(graph.free_name("relu"), Activation::new(Function::Relu))?;
    Ok(())
}

fn same(kernel: usize, stride: usize) -> Result<Window, GraphError> {
    Window::new([kernel; 2], [stride; 2], Padding::Same)
}

fn classify(mut graph: Graph) -> Result<Graph, GraphError> {
    let channels = graph.output_shape().channels();
    graph.push("mean", GlobalAveragePool2D)?;
    let dense = Dense::zeros(channels, 10).with_activation(Function::Softmax);
    graph.push("dense", dense)?;
    Ok(graph)
}

/// 3×3 convolution to 16 channels, then pairs of a 3×3 depthwise and a 1×1 convolution.
fn separable() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("separable", [28, 28, 1])?;
    block(&mut graph, Conv2D::zeros(same(3, 1)?, 1, 16))?;
    let pairs = [
        (1, 32),
        (2, 64),
        (1, 64),
        (2, 128),
        (1, 128),
        (1, 256),
        (1, 128),
    ];
    for (stride, filters) in pairs {
        let channels = graph.output_shape().channels();
        block(
            &mut graph,
            DepthwiseConv2D::zeros(same(3, stride)?, channels, 1),
        )?;
        block(&mut graph, Conv2D::zeros(same(1, 1)?, channels, filters))?;
    }
    classify(graph)
}

/// Six 3×3 convolutions of 8 to 16 channels, with two poolings between.
fn digits() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("digits", [28, 28, 1])?;
    for (i, filters) in [8, 10, 12, 14, 16, 16].into_iter().enumerate() {
        if i == 2 || i == 4 {
            let window = Window::new([2, 2], [2, 2], Padding::Valid)?;
            graph.push(graph.free_name("pool"), MaxPool2D::new(window))?;
        }
        let channels = graph.output_shape().channels();
        block(&mut graph, Conv2D::zeros(same(3, 1)?, channels, filters))?;
    }
    classify(graph)
}
