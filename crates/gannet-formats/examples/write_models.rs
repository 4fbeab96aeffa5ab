//! Writes networks with random weights as `.h5`, `.keras`, `.onnx` and, where normalization folds
//! away, `.tflite` files into the folder that the argument names, and beside each a `.json` with
//! an input, the reference's output and the layers, so that Keras and onnxruntime can be asked
//! whether they agree, and Netron whether it shows them.

use std::{error::Error, fs, path::PathBuf};

use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Dense,
    DepthwiseConv2D, Dropout, Flatten, Function, GlobalAveragePool2D, Graph, Layer, MaxPool2D,
    Node, Padding, Regularizer, Tensor, Window, ZeroPadding2D, networks,
};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let folder: PathBuf = std::env::args_os()
        .nth(1)
        .ok_or("name the folder to write into")?
        .into();
    fs::create_dir_all(&folder)?;
    let graphs = [
        networks::mnist_small(),
        every_option()?,
        branches()?,
        many_layers()?,
    ];
    for (seed, mut graph) in graphs.into_iter().enumerate() {
        let mut random = random(seed as u64 + 1);
        for id in graph.ids() {
            let is_normalization = matches!(graph.node(id).layer(), Layer::BatchNormalization(_));
            for weights in graph.node_weights_mut(id) {
                if is_normalization {
                    // Variances are positive, and scales may be.
                    weights.iter_mut().for_each(|w| *w = 0.5 + random());
                    continue;
                }
                // Sums of n products stay near 1 whatever n is.
                let scale = 4.0 / (weights.len() as f32).sqrt();
                weights
                    .iter_mut()
                    .for_each(|w| *w = scale * (random() - 0.5));
            }
        }
        let input = Tensor::from_fn(graph.input_shape().clone(), |_| random());
        let output = graph.run(&input)?;
        let path = folder.join(graph.name());
        for extension in ["h5", "keras", "onnx"] {
            gannet_formats::write(&graph, path.with_extension(extension))?;
        }
        // TFLite has no normalization of its own.
        let folded = graph.simplified();
        let is_normalization = |node: &Node| matches!(node.layer(), Layer::BatchNormalization(_));
        if !folded.nodes().iter().any(is_normalization) {
            gannet_formats::write(&folded, path.with_extension("tflite"))?;
        }
        let about = json!({
            "input": input.data(),
            "output": output.data(),
            "layers": layers(&gannet_formats::read_float(path.with_extension("h5"))?),
        });
        fs::write(path.with_extension("json"), about.to_string())?;
    }
    Ok(())
}

/// The names of a network's layers as they are in a file, with the shapes of their weights.
fn layers(graph: &Graph) -> Vec<Value> {
    let layers = graph.nodes().iter().map(|node| {
        let weights = node.layer().weights();
        let shapes: Vec<&[usize]> = weights.iter().map(|w| w.tensor.shape().dims()).collect();
        json!({ "name": node.name(), "weights": shapes })
    });
    layers.collect()
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
    graph.push("relu6", Activation::new(Function::Relu6))?;
    for slope in [0.2, 0.3] {
        let leaky = Function::LeakyRelu { slope };
        graph.push(format!("leaky_{slope}"), Activation::new(leaky))?;
        graph.push(
            format!("dense_{slope}"),
            Dense::zeros(6, 6).with_activation(leaky),
        )?;
    }
    let no_bias = Dense::new(Tensor::zeros([6, 4]), None)?;
    graph.push("logits", no_bias)?;
    graph.push("softmax", Activation::new(Function::Softmax))?;
    Ok(graph)
}

/// What MobileNets and residual networks have; branches of different lengths, which the
/// nodes, Keras' list and the joins have in different orders, with weights of one shape.
fn branches() -> Result<Graph, Box<dyn Error>> {
    let mut graph = Graph::with_input("branches", "image", [9, 8, 2])?;
    graph.push("pad", ZeroPadding2D::new([0, 1], [2, 3]))?;
    let window = Window::new([3, 3], [2, 2], Padding::Same)?;
    let mut depthwise = DepthwiseConv2D::zeros(window, 2, 3)
        .with_bias()
        .with_activation(Function::Relu6);
    depthwise.kernel_regularizer = Regularizer { l1: 0.1, l2: 0.2 };
    let trunk = graph.push("depthwise", depthwise)?;
    let ones = || Tensor::from_fn([6], |_| 1.0);
    let unscaled = BatchNormalization::new(None, Some(ones()), ones(), ones(), 1e-4)?;
    let short = graph.add("short", unscaled, &[trunk])?;
    let pixel = Window::new([1, 1], [1, 1], Padding::Valid)?;
    let conv = |function| Conv2D::zeros(pixel, 6, 6).with_activation(function);
    let slope = 0.1;
    let long = graph.add("long", conv(Function::LeakyRelu { slope }), &[trunk])?;
    let other = graph.add("other", conv(Function::Linear), &[trunk])?;
    let long = graph.add("longer", conv(Function::Relu6), &[long])?;
    let sum = graph.add("sum", Add, &[other, long, trunk, short])?;
    let pool = AveragePool2D::new(Window::new([2, 3], [1, 1], Padding::Same)?);
    let pool = graph.add("pool", pool, &[sum])?;
    graph.add("joined", Concatenate, &[sum, pool, sum])?;
    graph.push("normalized", BatchNormalization::identity(18))?;
    graph.push("dropout", Dropout::new(0.1)?)?;
    graph.push("means", GlobalAveragePool2D)?;
    let ones = || Tensor::from_fn([18], |_| 1.0);
    let unshifted = BatchNormalization::new(Some(ones()), None, ones(), ones(), 1e-2)?;
    graph.push("unshifted", unshifted)?;
    graph.push("bare", {
        let (mean, variance) = (ones(), ones());
        BatchNormalization::new(None, None, mean, variance, 1e-3)?
    })?;
    graph.push(
        "dense",
        Dense::zeros(18, 4).with_activation(Function::Sigmoid),
    )?;
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
