//! A network of every layer that has a form in integers, and pictures for it.

use gannet_data::{ImageShape, Images};
use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose,
    Dense, DepthwiseConv2D, Flatten, Function, GlobalAveragePool2D, GlobalMaxPool2D, Graph,
    GraphError, MaxPool2D, Maximum, Minimum, Multiply, PReLU, Padding, Rescaling, Subtract, Tensor,
    UpSampling2D, Window, ZeroPadding2D,
};

/// A network with branches, sums, products and joins, with weights from a fixed sequence.
pub fn network() -> Result<Graph, GraphError> {
    let three = Window::new([3, 3], [1, 1], Padding::Same)?;
    let explicit = Window::new([3, 3], [2, 2], Padding::explicit([1, 0], [0, 1]))?;
    let two = Window::new([2, 2], [2, 2], Padding::Valid)?;
    let of = Activation::new;
    let mut graph = Graph::new("every-layer", [12, 10, 2])?;
    let image = graph.output();
    let conv = graph.push("conv", Conv2D::zeros(three, 2, 4))?;
    graph.push("norm", BatchNormalization::identity(4))?;
    let relu = graph.push("relu", of(Function::Relu6))?;
    graph.push("depthwise", DepthwiseConv2D::zeros(three, 4, 1).with_bias())?;
    let leaky = graph.push("leaky", of(Function::LeakyRelu { slope: 0.1 }))?;
    let sum = graph.add("sum", Add, &[relu, leaky, conv])?;
    let gate = graph.push("gate", of(Function::Sigmoid))?;
    let product = graph.add("product", Multiply, &[sum, gate])?;
    let difference = graph.add("difference", Subtract, &[product, relu])?;
    graph.push("swish", of(Function::HardSwish))?;
    let pool = graph.push("pool", MaxPool2D::new(two))?;
    let bordered = graph.add(
        "bordered",
        Conv2D::zeros(explicit, 4, 3).with_bias(),
        &[sum],
    )?;
    let tanh = graph.add("tanh", of(Function::Tanh), &[bordered])?;
    let mean = graph.add("mean", AveragePool2D::new(two), &[difference])?;
    let rectified = graph.add("rectified", of(Function::Relu), &[mean])?;
    let corner = graph.add("corner", MaxPool2D::new(two), &[image])?;
    graph.add(
        "joined",
        Concatenate,
        &[pool, tanh, rectified, mean, corner],
    )?;
    graph.push("padded", ZeroPadding2D::new([1, 0], [0, 1]))?;
    graph.push("mixed", Conv2D::zeros(three, 17, 4))?;
    let slopes = Tensor::zeros([1, 1, 4]);
    let prelu = graph.push("prelu", PReLU::new(slopes))?;
    let grouped = Conv2D::zeros(three, 2, 4).with_bias().with_groups(2)?;
    let grouped = graph.push("grouped", grouped)?;
    let larger = Conv2DTranspose::zeros(two, 4, 4).with_bias();
    let larger = graph.add("larger", larger, &[prelu])?;
    let repeated = graph.add("repeated", UpSampling2D::new([2, 2])?, &[grouped])?;
    let upper = graph.add("upper", Maximum, &[larger, repeated])?;
    let lower = graph.add("lower", Minimum, &[larger, repeated])?;
    graph.add("between", Subtract, &[upper, lower])?;
    let last = graph.push("last", MaxPool2D::new(two))?;
    let most = graph.add("most", GlobalMaxPool2D, &[last])?;
    let shifted = Rescaling::new(vec![0.5, -0.25, 1.0, 2.0], vec![0.0, 0.5, -0.5, 0.125])?;
    let shifted = graph.add("shifted", shifted, &[most])?;
    let global = graph.add("global", GlobalAveragePool2D, &[last])?;
    let flat = graph.add("flat", Flatten, &[last])?;
    let head = graph.add("head", Dense::zeros(7 * 6 * 4, 4), &[flat])?;
    graph.add("all", Add, &[global, head, shifted])?;
    graph.push("softmax", of(Function::Softmax))?;
    let mut value = 0.0_f32;
    for weights in graph.weights_mut() {
        let largest = 3.0 / (weights.len() as f32).sqrt();
        for weight in weights {
            value = (value * 7.3 + 0.37).fract();
            *weight = (value - 0.45) * largest;
        }
    }
    // A variance is no random number.
    let norm = graph.find("norm").expect("added above");
    graph.node_weights_mut(norm)[3].fill(0.5);
    Ok(graph)
}

/// Pictures of bytes, a third of them dark.
pub fn pictures(count: usize) -> Images {
    let shape = ImageShape::new(12, 10, 2).expect("no extent of zero");
    let pixel = |i: usize| match ((i * 2_654_435_761) >> 7) & 1023 {
        bits if bits < 340 => 0,
        bits => bits as u8,
    };
    let pixels = (0..count * shape.elements()).map(pixel).collect();
    Images::new(shape, pixels).expect("whole pictures")
}
