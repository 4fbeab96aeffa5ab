//! Trains one of the measured networks round by round, beside other programs that do the same:
//! `cargo run --release -p gannet-train --example bench_train -- NETWORK IMAGES THREADS`.
//!
//! For every line on standard input one round is trained: that many images of MNIST in a new
//! order, in batches of 128. The answer is the seconds that it took.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::num::NonZero;

use gannet_data::{Classes, Dataset, Images, Split};
use gannet_graph::{
    Activation, BatchNormalization, Conv2D, Dense, DepthwiseConv2D, Function, GlobalAveragePool2D,
    Graph, GraphError, Layer, Padding, Window, networks,
};
use gannet_train::{Control, Event, Loss, Recipe, Threads, Training};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [network, images, threads] = &words[..] else {
        return Err("name a network (mnist-small, separable), images and threads".into());
    };
    let (graph, loss) = match &network[..] {
        "mnist-small" => (networks::mnist_small(), Loss::MeanSquaredError),
        "separable" => (separable()?, Loss::CategoricalCrossEntropy),
        other => return Err(format!("there is no measured network {other}").into()),
    };
    let threads = Threads::Count(threads.parse::<NonZero<usize>>()?);
    let mnist = Dataset::open("mnist")?;
    let train = first(mnist.train(), images.parse()?)?;
    let validation = first(mnist.test(), 16)?;
    let recipe = Recipe {
        epochs: usize::MAX,
        loss,
        ..Recipe::default()
    };
    let trained: usize = (graph.nodes().iter())
        .flat_map(|node| node.layer().weights())
        .filter(|weight| weight.trainable)
        .map(|weight| weight.tensor.data().len())
        .sum();
    let mut training = Training::new(graph, &train, &validation, recipe, threads)?;
    println!("ready with {trained} trained weights");
    for line in std::io::stdin().lines() {
        line?;
        training.run(&mut |event| match event {
            Event::Epoch(epoch) => {
                println!("{:.4}", epoch.seconds);
                Control::Stop
            }
            _ => Control::Continue,
        })?;
    }
    Ok(())
}

/// The first `count` images of a split.
fn first(split: &Split, count: usize) -> Result<Split, gannet_data::DataError> {
    let shape = split.images().shape();
    let pixels = split.images().pixels()[..count * shape.elements()].to_vec();
    let labels = split.labels()[..count].to_vec();
    Split::new(Images::new(shape, pixels)?, labels, &Classes::digits())
}

/// A convolution and five depthwise-separable ones, each with normalization and ReLU; about
/// 100,000 weights.
fn separable() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("separable", [28, 28, 1])?;
    let window = |size, stride| Window::new([size; 2], [stride; 2], Padding::Same);
    let normalized = |graph: &mut Graph, layer: Layer| -> Result<(), GraphError> {
        let name = |graph: &Graph, base: &str| graph.free_name(base);
        graph.push(name(graph, "conv"), layer)?;
        let channels = graph.output_shape().channels();
        graph.push(name(graph, "norm"), BatchNormalization::identity(channels))?;
        graph.push(name(graph, "relu"), Activation::new(Function::Relu))?;
        Ok(())
    };
    normalized(&mut graph, Conv2D::zeros(window(3, 1)?, 1, 16).into())?;
    for (outputs, stride) in [(32, 1), (64, 2), (128, 1), (192, 2), (256, 1)] {
        let channels = graph.output_shape().channels();
        let depthwise = DepthwiseConv2D::zeros(window(3, stride)?, channels, 1);
        normalized(&mut graph, depthwise.into())?;
        normalized(
            &mut graph,
            Conv2D::zeros(window(1, 1)?, channels, outputs).into(),
        )?;
    }
    graph.push("mean", GlobalAveragePool2D)?;
    graph.push("dense", Dense::zeros(256, 10))?;
    Ok(graph)
}
