//! Writes networks with random weights as `.h5` files into the folder that the argument
//! names, and beside each a `.json` with an input and the reference's output, so that Keras
//! can be asked whether it agrees.

use std::{error::Error, fs, path::PathBuf};

use gannet_formats::keras;
use gannet_graph::{
    Activation, Conv2D, Dense, Flatten, Function, Graph, MaxPool2D, Padding, Regularizer, Tensor,
    Window, networks,
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder: PathBuf = std::env::args_os()
        .nth(1)
        .ok_or("name the folder to write into")?
        .into();
    fs::create_dir_all(&folder)?;
    for (seed, mut graph) in [networks::mnist_small(), every_option()?, many_layers()?]
        .into_iter()
        .enumerate()
    {
        let mut random = random(seed as u64 + 1);
        for weights in graph.weights_mut() {
            // Sums of n products stay near 1 whatever n is.
            let scale = 4.0 / (weights.len() as f32).sqrt();
            weights
                .iter_mut()
                .for_each(|w| *w = scale * (random() - 0.5));
        }
        let input = Tensor::from_fn(graph.input_shape().clone(), |_| random());
        let output = graph.run(&input)?;
        let path = folder.join(graph.name()).with_extension("h5");
        keras::write_h5(&graph, &path)?;
        let values = serde_json::json!({ "input": input.data(), "output": output.data() });
        fs::write(path.with_extension("json"), values.to_string())?;
    }
    Ok(())
}

/// Each layer kind with other options than `mnist-small` has.
fn every_option() -> Result<Graph, Box<dyn Error>> {
    let mut graph = Graph::with_input("every-option", "image", [9, 8, 3])?;
    let uneven = Window::new([2, 3], [2, 1], Padding::Same)?;
    graph.push(
        "block/conv",
        Conv2D::zeros(uneven, 3, 5)
            .with_bias()
            .with_activation(Function::Relu)
            .with_kernel_regularizer(Regularizer { l1: 0.01, l2: 0.0 }),
    )?;
    let pool = Window::new([2, 2], [1, 2], Padding::Same)?;
    graph.push("block/pool", MaxPool2D::new(pool))?;
    let conv = Conv2D::zeros(Window::new([3, 1], [1, 1], Padding::Valid)?, 5, 4);
    graph.push("conv", conv.with_activation(Function::Sigmoid))?;
    graph.push("flatten", Flatten)?;
    let mut dense = Dense::zeros(3 * 4 * 4, 6);
    dense.kernel_regularizer = Regularizer { l1: 0.1, l2: 0.2 };
    graph.push("dense", dense)?;
    graph.push("linear", Activation::new(Function::Linear))?;
    let no_bias = Dense::new(Tensor::zeros([6, 4]), None)?;
    graph.push("logits", no_bias)?;
    graph.push("softmax", Activation::new(Function::Softmax))?;
    Ok(graph)
}

/// More layers than one symbol node lists, and names that do not fit one attribute.
fn many_layers() -> Result<Graph, Box<dyn Error>> {
    let mut graph = Graph::with_input("many-layers", "vector", [3])?;
    for i in 0..400 {
        let name = format!("{}_{i}", "long_name".repeat(20));
        graph.push(name, Activation::new(Function::Relu))?;
    }
    graph.push("dense", Dense::zeros(3, 2))?;
    Ok(graph)
}

/// Numbers in [0, 1) by a linear congruential generator (Knuth's MMIX constants).
fn random(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32
    }
}
