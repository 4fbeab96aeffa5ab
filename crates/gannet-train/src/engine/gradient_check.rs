//! The engine's gradients against central differences of an independent forward pass in
//! `f64`, and its bits on every backend against each other.

use gannet_data::{Classes, ImageShape, Images, Split};
use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose,
    Cropping2D, Dense, DepthwiseConv2D, Dropout, Flatten, Function, GlobalAveragePool2D,
    GlobalMaxPool2D, Graph, Layer, MaxPool2D, Maximum, Minimum, Multiply, PReLU, Padding, Permute,
    Rescaling, Reshape, Subtract, Tensor, UpSampling2D, Window, ZeroPadding2D,
};

use super::oracle;
use super::{Activations, Backend, Batch, Crew, Draw, Head, Threads};
use crate::augment::Source;
use crate::initialize::initialize;
use crate::loss::Loss;
use crate::random::{Purpose, Stream};

/// Nineteen images: a whole chunk and a part of one.
const IMAGES: usize = 19;
const CLASSES: usize = 10;

/// Digits of noise on a blank border of one row above and two columns to the left.
fn split(shape: [usize; 3]) -> Split {
    let mut stream = Stream::new(5, Purpose::Test, 1);
    let [height, width, channels] = shape;
    let pixels = (0..IMAGES * height * width * channels).map(|i| {
        let (y, x) = (i / channels / width % height, i / channels % width);
        let blank = y < 1 || x < 2 || stream.below(4) == 0;
        if blank { 0 } else { stream.below(256) as u8 }
    });
    let shape = ImageShape::new(height, width, channels).unwrap();
    let images = Images::new(shape, pixels.collect()).unwrap();
    let labels = (0..IMAGES).map(|i| (i * 7 % CLASSES) as u8).collect();
    Split::new(images, labels, &Classes::digits()).unwrap()
}

fn window(kernel: [usize; 2], stride: [usize; 2], padding: Padding) -> Window {
    Window::new(kernel, stride, padding).unwrap()
}

/// A network over `shape` of some layers, flattened into ten classes that end in `last`.
fn network(shape: [usize; 3], layers: Vec<Layer>, last: Function) -> Graph {
    let mut graph = Graph::new("net", shape).unwrap();
    for layer in layers {
        let name = graph.free_name("layer");
        graph.push(name, layer).unwrap();
    }
    classify(graph, last)
}

/// Flattens into ten classes that end in `last`, and gives first weights.
fn classify(mut graph: Graph, last: Function) -> Graph {
    graph.push("flatten", Flatten).unwrap();
    let features = graph.output_shape().elements();
    graph
        .push(
            "dense",
            Dense::zeros(features, CLASSES).with_activation(last),
        )
        .unwrap();
    initialize(&mut graph, 11);
    // Biases that are not zero, so that they are seen.
    let mut stream = Stream::new(6, Purpose::Test, 2);
    for weight in graph
        .weights_mut()
        .flatten()
        .filter(|weight| **weight == 0.0)
    {
        *weight = stream.range(-0.2, 0.2);
    }
    graph
}

fn depthwise(window: Window, channels: usize, multiplier: usize) -> Layer {
    DepthwiseConv2D::zeros(window, channels, multiplier)
        .with_bias()
        .into()
}

/// Normalization with an epsilon that is seen.
fn norm(channels: usize) -> Layer {
    let layer = BatchNormalization::identity(channels);
    let statistics = [layer.moving_mean(), layer.moving_variance()].map(Clone::clone);
    let [mean, variance] = statistics;
    let learned = [layer.gamma(), layer.beta()].map(|tensor| tensor.cloned());
    let [gamma, beta] = learned;
    BatchNormalization::new(gamma, beta, mean, variance, 0.05)
        .unwrap()
        .into()
}

/// Branches: a value read three times, one of them by its function in place; a normalization
/// within a branch, one first and one last; sums and channels side by side; one value twice.
fn branches() -> Graph {
    let same = |kernel| window(kernel, [1, 1], Padding::Same);
    let mut graph = Graph::new("net", [6, 5, 2]).unwrap();
    let input = graph.push("norm", norm(2)).unwrap();
    let stem = graph
        .push("stem", conv(same([3, 3]), 2, 4, Function::Linear))
        .unwrap();
    let norm_a = graph.add("norm_a", norm(4), &[stem]).unwrap();
    let relu = graph
        .push("relu", Activation::new(Function::Relu6))
        .unwrap();
    let deep = graph.push("deep", depthwise(same([3, 3]), 4, 1)).unwrap();
    let sum = graph
        .add("sum", Add, &[deep, norm_a, stem, relu, relu])
        .unwrap();
    let leaky = Activation::new(Function::LeakyRelu { slope: 0.3 });
    let bent = graph.add("bent", leaky, &[sum]).unwrap();
    let beside = graph
        .add("beside", conv(same([1, 1]), 2, 3, Function::Relu), &[input])
        .unwrap();
    let all = graph
        .add("all", Concatenate, &[bent, beside, norm_a])
        .unwrap();
    let pooled = graph.add("pooled", GlobalAveragePool2D, &[all]).unwrap();
    let flat = graph.add("flat", Flatten, &[pooled]).unwrap();
    graph.add("unread", Dense::zeros(11, 2), &[flat]).unwrap();
    let dense = graph.add("hidden", Dense::zeros(11, 6), &[flat]).unwrap();
    graph.add("norm_b", norm(6), &[dense]).unwrap();
    classify(graph, Function::Softmax)
}

fn conv(window: Window, channels: usize, filters: usize, activation: Function) -> Layer {
    Conv2D::zeros(window, channels, filters)
        .with_bias()
        .with_activation(activation)
        .into()
}

/// Networks in which every layer kind, border rule and tile size occurs.
fn networks() -> Vec<(Graph, Head)> {
    use Function::{Linear, Relu, Sigmoid, Softmax};
    use Padding::{Same, Valid};
    let head = |function, loss, label_smoothing| Head {
        function,
        loss,
        label_smoothing,
    };
    let image = [9, 8, 2];
    vec![
        // The pattern of small image networks; 11 = 8 + 2 + 1 filters.
        (
            network(
                image,
                vec![
                    conv(window([3, 3], [1, 1], Same), 2, 11, Relu),
                    MaxPool2D::new(window([3, 3], [2, 2], Valid)).into(),
                    conv(window([3, 2], [1, 1], Same), 11, 5, Relu),
                    MaxPool2D::new(window([2, 2], [2, 2], Same)).into(),
                ],
                Sigmoid,
            ),
            head(Sigmoid, Loss::MeanSquaredError, 0.0),
        ),
        // Strides, windows with holes between them, two layers so that one gives gradients on.
        (
            network(
                image,
                vec![
                    conv(window([3, 2], [2, 1], Valid), 2, 4, Sigmoid),
                    conv(window([2, 3], [1, 2], Same), 4, 3, Linear),
                    Activation::new(Softmax).into(),
                ],
                Softmax,
            ),
            head(Softmax, Loss::CategoricalCrossEntropy, 0.1),
        ),
        (
            network(
                image,
                vec![
                    conv(window([1, 1], [3, 3], Same), 2, 3, Linear),
                    conv(window([2, 2], [1, 1], Valid), 3, 9, Relu),
                    Activation::new(Sigmoid).into(),
                    MaxPool2D::new(window([2, 1], [1, 1], Same)).into(),
                ],
                Softmax,
            ),
            head(Softmax, Loss::MeanSquaredError, 0.0),
        ),
        // Dense layers alone, 33 = 16 + 16 + 1 units.
        (
            network(
                [3, 3, 1],
                vec![
                    Flatten.into(),
                    Dense::zeros(9, 33).with_activation(Relu).into(),
                    Dense::zeros(33, 6).with_activation(Sigmoid).into(),
                ],
                Linear,
            ),
            head(Linear, Loss::CategoricalCrossEntropy, 0.0),
        ),
        (
            network(
                [4, 4, 1],
                vec![conv(window([4, 4], [1, 1], Valid), 1, 7, Relu)],
                Linear,
            ),
            head(Linear, Loss::BinaryCrossEntropy, 0.2),
        ),
        (
            network([3, 3, 1], vec![], Sigmoid),
            head(Sigmoid, Loss::BinaryCrossEntropy, 0.0),
        ),
        (
            network(
                [9, 19, 2],
                vec![
                    depthwise(window([3, 3], [1, 1], Same), 2, 2),
                    Activation::new(Function::LeakyRelu { slope: -0.5 }).into(),
                    depthwise(window([3, 3], [1, 1], Same), 4, 1),
                    AveragePool2D::new(window([3, 2], [2, 2], Same)).into(),
                    norm(4),
                    Activation::new(Relu).into(),
                    depthwise(window([3, 3], [2, 2], Same), 4, 1),
                    ZeroPadding2D::new([1, 0], [0, 2]).into(),
                    depthwise(window([2, 5], [1, 1], Valid), 4, 1),
                    Dropout::new(0.0).unwrap().into(),
                ],
                Softmax,
            ),
            head(Softmax, Loss::CategoricalCrossEntropy, 0.0),
        ),
        (
            branches(),
            head(Softmax, Loss::CategoricalCrossEntropy, 0.0),
        ),
        (
            network(
                [4, 9, 2],
                vec![
                    conv(window([1, 1], [1, 1], Same), 2, 9, Function::Relu6),
                    norm(9),
                    conv(
                        window([1, 1], [1, 1], Same),
                        9,
                        37,
                        Function::LeakyRelu { slope: 0.1 },
                    ),
                    conv(window([1, 1], [1, 1], Valid), 37, 16, Linear),
                    norm(16),
                    GlobalAveragePool2D.into(),
                ],
                Function::LeakyRelu { slope: -0.2 },
            ),
            head(
                Function::LeakyRelu { slope: -0.2 },
                Loss::MeanSquaredError,
                0.0,
            ),
        ),
        (two_functions(), head(Sigmoid, Loss::MeanSquaredError, 0.0)),
        (
            rarer_layers(),
            head(Softmax, Loss::CategoricalCrossEntropy, 0.0),
        ),
        (joins(), head(Softmax, Loss::CategoricalCrossEntropy, 0.0)),
        (
            network([3, 3, 1], vec![], Linear),
            head(Linear, Loss::MeanSquaredError, 0.0),
        ),
        (
            network([3, 3, 1], vec![], Relu),
            head(Relu, Loss::MeanSquaredError, 0.3),
        ),
    ]
}

/// Each function behind a dense layer.
fn functions() -> impl Iterator<Item = (Graph, Head)> {
    let falling = [
        Function::Elu { alpha: -0.7 },
        Function::HARD_SIGMOID_KERAS_2,
    ];
    Function::ALL
        .iter()
        .copied()
        .chain(falling)
        .map(|function| {
            let hidden = Dense::zeros(9, 6).with_activation(function);
            let layers = vec![Flatten.into(), hidden.into(), Dense::zeros(6, 6).into()];
            let head = Head {
                function: Function::Softmax,
                loss: Loss::CategoricalCrossEntropy,
                label_smoothing: 0.0,
            };
            (network([3, 3, 1], layers, Function::Softmax), head)
        })
}

/// Convolutions that go tap by tap, and layers that put values elsewhere.
fn rarer_layers() -> Graph {
    let explicit = window([2, 3], [1, 1], Padding::explicit([1, 0], [0, 2]));
    let holes = |kernel, padding| {
        let window = window(kernel, [1, 1], padding);
        window.with_dilation([2, 1]).unwrap()
    };
    let grouped = Conv2D::zeros(explicit, 1, 6).with_groups(2).unwrap();
    let wide = window([3, 2], [2, 2], Padding::explicit([1, 1], [0, 0]));
    let transposed = Conv2DTranspose::zeros(wide, 6, 3).with_bias();
    let pool = window([2, 2], [2, 1], Padding::explicit([1, 0], [1, 1]));
    let layers = vec![
        Rescaling::new(vec![1.5, -0.5], vec![0.25]).unwrap().into(),
        grouped.with_bias().into(),
        PReLU::new(Tensor::zeros([1, 1, 6])).into(),
        depthwise(holes([2, 2], Padding::Same), 6, 2),
        conv(holes([2, 1], Padding::Valid), 12, 6, Function::Tanh),
        MaxPool2D::new(pool).into(),
        AveragePool2D::new(pool).into(),
        transposed.with_output_padding([0, 1]).unwrap().into(),
        PReLU::new(Tensor::zeros([3, 17, 3])).into(),
        Cropping2D::new([1, 0], [2, 1]).into(),
        Permute::new(vec![2, 0, 1]).unwrap().into(),
        UpSampling2D::new([1, 2]).unwrap().into(),
    ];
    network([9, 6, 2], layers, Function::Softmax)
}

/// Every way of joining values of one shape, and a value joined with itself.
fn joins() -> Graph {
    let pixel = |channels| {
        conv(
            window([1, 1], [1, 1], Padding::Valid),
            channels,
            3,
            Function::Linear,
        )
    };
    let mut graph = Graph::new("net", [3, 4, 2]).unwrap();
    let input = graph.output();
    let a = graph.add("a", pixel(2), &[input]).unwrap();
    let b = graph.add("b", pixel(2), &[input]).unwrap();
    let c = graph.add("c", pixel(2), &[input]).unwrap();
    let difference = graph.add("subtract", Subtract, &[a, b]).unwrap();
    let product = graph
        .add("multiply", Multiply, &[difference, c, difference])
        .unwrap();
    let most = graph.add("maximum", Maximum, &[product, b, c]).unwrap();
    let least = graph.add("minimum", Minimum, &[a, product, c]).unwrap();
    let both = graph.add("both", Concatenate, &[most, least]).unwrap();
    let shape = Reshape::new([4, 3, 6]);
    let reshaped = graph.add("reshape", shape, &[both]).unwrap();
    graph.add("most", GlobalMaxPool2D, &[reshaped]).unwrap();
    classify(graph, Function::Softmax)
}

/// A network that ends in one function after another.
fn two_functions() -> Graph {
    let mut graph = network([3, 3, 1], vec![], Function::Relu);
    graph
        .push("activation", Activation::new(Function::Sigmoid))
        .unwrap();
    graph
}

/// The engine's sum of losses and its gradient.
fn engine(graph: &Graph, head: &Head, split: &Split, backend: Backend) -> (f64, Vec<f32>) {
    let mut crew = Crew::new(
        graph,
        Activations::Real,
        Threads::Count(1.try_into().unwrap()),
        backend,
    )
    .unwrap();
    assert_eq!(crew.function(), head.function);
    let weights: Vec<f32> = graph.weights().flatten().copied().collect();
    crew.load(&weights);
    let mut gradient = vec![f32::NAN; weights.len()];
    let indices: Vec<u32> = (0..IMAGES as u32).collect();
    let source = Source::plain(split.images());
    let batch = Batch {
        source,
        labels: split.labels(),
        indices: &indices,
        draw: Draw { seed: 1, epoch: 1 },
    };
    let tally = crew.gradient(head, &batch, &class_weights(), &mut gradient);
    (tally.loss, gradient)
}

fn class_weights() -> Vec<f32> {
    (0..CLASSES)
        .map(|class| 1.0 + class as f32 / 16.0)
        .collect()
}

#[test]
fn gradients_are_central_differences() {
    for (i, (graph, head)) in networks().into_iter().chain(functions()).enumerate() {
        let &[height, width, channels] = graph.input_shape().dims() else {
            panic!()
        };
        let split = split([height, width, channels]);
        let (loss, gradient) = engine(&graph, &head, &split, Backend::detect());
        let weights: Vec<f64> = graph.weights().flatten().map(|&w| f64::from(w)).collect();
        let unweighted = oracle::loss(&graph, &head, &split, &weights, &[1.0; CLASSES]);
        assert!(
            (loss - unweighted).abs() < 1e-5,
            "network {i}: {loss} {unweighted}"
        );
        let loss = |weights: &[f64]| oracle::loss(&graph, &head, &split, weights, &class_weights());
        // So small that hardly any value passes the corner of a function meanwhile.
        let step = 1e-7;
        for (place, &value) in gradient.iter().enumerate() {
            let mut moved = weights.clone();
            moved[place] = weights[place] + step;
            let above = loss(&moved);
            moved[place] = weights[place] - step;
            let slope = (above - loss(&moved)) / (2.0 * step);
            let error = (f64::from(value) - slope).abs();
            assert!(
                error < 2e-5 * slope.abs() + 5e-6,
                "network {i}, weight {place}: {value} instead of {slope}"
            );
        }
    }
}

#[test]
fn every_backend_gives_the_same_bits() {
    for (i, (graph, head)) in networks().into_iter().chain(functions()).enumerate() {
        let &[height, width, channels] = graph.input_shape().dims() else {
            panic!()
        };
        let split = split([height, width, channels]);
        let results = Backend::available().into_iter().map(|backend| {
            let (loss, gradient) = engine(&graph, &head, &split, backend);
            let bits: Vec<u32> = gradient.iter().map(|value| value.to_bits()).collect();
            (loss.to_bits(), bits)
        });
        let results: Vec<_> = results.collect();
        assert!(
            results.windows(2).all(|pair| pair[0] == pair[1]),
            "network {i}"
        );
    }
}
