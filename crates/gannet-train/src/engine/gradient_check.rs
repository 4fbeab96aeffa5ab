//! The engine's gradients against central differences of an independent forward pass in
//! `f64`, and its bits on every backend against each other.

use gannet_data::{Classes, ImageShape, Images, Split};
use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Dense,
    DepthwiseConv2D, Dropout, Flatten, Function, GlobalAveragePool2D, Graph, Layer, MaxPool2D,
    Padding, Window, ZeroPadding2D,
};

use super::{Backend, Batch, Crew, Draw, Head, Threads};
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
            network([3, 3, 1], vec![], Linear),
            head(Linear, Loss::MeanSquaredError, 0.0),
        ),
        (
            network([3, 3, 1], vec![], Relu),
            head(Relu, Loss::MeanSquaredError, 0.3),
        ),
    ]
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
    let mut crew = Crew::new(graph, Threads::Count(1.try_into().unwrap()), backend).unwrap();
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
    for (i, (graph, head)) in networks().into_iter().enumerate() {
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
    for (i, (graph, head)) in networks().into_iter().enumerate() {
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

/// The loss of a network, slowly and in `f64` throughout.
mod oracle {
    use super::*;

    /// `Σ weight · loss` over all images.
    pub fn loss(
        graph: &Graph,
        head: &Head,
        split: &Split,
        weights: &[f64],
        class_weights: &[f32],
    ) -> f64 {
        let images = split.iter().map(|sample| {
            let pixels = sample.image.pixels().iter();
            pixels.map(|&x| f64::from(x) / 255.0).collect()
        });
        let results = outputs(graph, weights, images.collect());
        let samples = split.iter().zip(&results);
        samples
            .map(|(sample, (sums, outputs))| {
                let weight = f64::from(class_weights[usize::from(sample.label)]);
                weight * loss_of(head, sums, outputs, usize::from(sample.label))
            })
            .sum()
    }

    /// The textbook's formulas, from probabilities.
    fn loss_of(head: &Head, sums: &[f64], outputs: &[f64], label: usize) -> f64 {
        let classes = outputs.len() as f64;
        let smoothing = f64::from(head.label_smoothing);
        let share = if head.loss == Loss::BinaryCrossEntropy {
            0.5
        } else {
            1.0 / classes
        };
        let target =
            |k: usize| f64::from(u8::from(k == label)) * (1.0 - smoothing) + smoothing * share;
        let probability = |function: Function| {
            let mut p = sums.to_vec();
            apply(function, &mut p, sums.len());
            p.into_iter().enumerate()
        };
        match head.loss {
            Loss::MeanSquaredError => {
                let squares = outputs
                    .iter()
                    .enumerate()
                    .map(|(k, p)| (p - target(k)).powi(2));
                squares.sum::<f64>() / classes
            }
            Loss::CategoricalCrossEntropy => -probability(Function::Softmax)
                .map(|(k, p)| target(k) * p.ln())
                .sum::<f64>(),
            Loss::BinaryCrossEntropy => {
                let losses = probability(Function::Sigmoid)
                    .map(|(k, p)| -target(k) * p.ln() - (1.0 - target(k)) * (1.0 - p).ln());
                losses.sum::<f64>() / classes
            }
        }
    }

    fn apply(function: Function, values: &mut [f64], channels: usize) {
        match function {
            Function::Linear => {}
            Function::Relu => values.iter_mut().for_each(|x| *x = x.max(0.0)),
            Function::Relu6 => values.iter_mut().for_each(|x| *x = x.clamp(0.0, 6.0)),
            Function::LeakyRelu { slope } => values
                .iter_mut()
                .filter(|x| **x < 0.0)
                .for_each(|x| *x *= f64::from(slope)),
            Function::Sigmoid => values
                .iter_mut()
                .for_each(|x| *x = 1.0 / (1.0 + (-*x).exp())),
            Function::Softmax => {
                for row in values.chunks_mut(channels) {
                    row.iter_mut().for_each(|x| *x = x.exp());
                    let sum: f64 = row.iter().sum();
                    row.iter_mut().for_each(|x| *x /= sum);
                }
            }
        }
    }

    /// Each image's last sums and outputs.
    fn outputs(
        graph: &Graph,
        mut weights: &[f64],
        images: Vec<Vec<f64>>,
    ) -> Vec<(Vec<f64>, Vec<f64>)> {
        let normal = graph.normal_form();
        // Node by node, image by image.
        let mut values: Vec<Vec<Vec<f64>>> = Vec::new();
        for node in normal.nodes() {
            let (own, rest) = weights.split_at(node.layer().params());
            weights = rest;
            let places: Vec<usize> = node.inputs().iter().map(|id| id.index()).collect();
            let shapes: Vec<&[usize]> = node
                .inputs()
                .iter()
                .map(|&id| normal.node(id).output_shape().dims())
                .collect();
            let output = node.output_shape().dims();
            let batch = match node.layer() {
                Layer::Input(_) => images.clone(),
                Layer::BatchNormalization(layer) => {
                    let epsilon = f64::from(layer.epsilon());
                    normalize(&values[places[0]], own, layer.channels(), epsilon)
                }
                layer => (0..images.len())
                    .map(|image| {
                        let inputs: Vec<&[f64]> = places
                            .iter()
                            .map(|&place| &values[place][image][..])
                            .collect();
                        run(layer, own, &inputs, &shapes, output)
                    })
                    .collect(),
            };
            values.push(batch);
        }
        let last = normal.nodes().last().unwrap();
        let activated = last.layer().kind() == "Activation";
        let sums = if activated {
            last.inputs()[0].index()
        } else {
            values.len() - 1
        };
        let outputs = values[values.len() - 1].clone();
        values[sums].clone().into_iter().zip(outputs).collect()
    }

    /// By the mean and variance of the whole batch.
    fn normalize(images: &[Vec<f64>], own: &[f64], channels: usize, epsilon: f64) -> Vec<Vec<f64>> {
        let mut images = images.to_vec();
        for channel in 0..channels {
            let values = images
                .iter()
                .flat_map(|image| image[channel..].iter().step_by(channels));
            let count = values.clone().count() as f64;
            let mean = values.clone().sum::<f64>() / count;
            let variance = values.map(|x| (x - mean).powi(2)).sum::<f64>() / count;
            for x in images
                .iter_mut()
                .flat_map(|image| image[channel..].iter_mut().step_by(channels))
            {
                *x = (*x - mean) / (variance + epsilon).sqrt() * own[channel]
                    + own[channels + channel];
            }
        }
        images
    }

    /// One layer for one image.
    fn run(
        layer: &Layer,
        own: &[f64],
        inputs: &[&[f64]],
        shapes: &[&[usize]],
        output: &[usize],
    ) -> Vec<f64> {
        let (values, shape) = (inputs[0], shapes[0]);
        let channels = *shape.last().unwrap();
        let pixel = |y: usize, x: usize, channel: usize| (y * shape[1] + x) * channels + channel;
        // For each position and then each output channel what `of` makes of it.
        let each = |window: Window, of: &dyn Fn(&[(usize, usize, usize)], usize) -> f64| {
            let positions = positions(window, shape, output);
            positions
                .flat_map(|pixels| {
                    (0..output[2])
                        .map(move |out| of(&pixels, out))
                        .collect::<Vec<_>>()
                })
                .collect::<Vec<f64>>()
        };
        match layer {
            Layer::Input(_) | Layer::BatchNormalization(_) => unreachable!(),
            Layer::Flatten(_) | Layer::Dropout(_) => values.to_vec(),
            Layer::Activation(layer) => {
                let mut values = values.to_vec();
                apply(layer.function, &mut values, *output.last().unwrap());
                values
            }
            Layer::Add(_) => (0..values.len())
                .map(|i| inputs.iter().map(|input| input[i]).sum())
                .collect(),
            Layer::Concatenate(_) => (0..output[0] * output[1])
                .flat_map(|position| {
                    let rows = inputs.iter().zip(shapes).flat_map(move |(input, shape)| {
                        input[position * shape[2]..][..shape[2]].to_vec()
                    });
                    rows.collect::<Vec<f64>>()
                })
                .collect(),
            Layer::ZeroPadding2D(layer) => {
                let mut padded = vec![0.0; output.iter().product()];
                for (i, &x) in values.iter().enumerate() {
                    let row = layer.vertical[0] + i / channels / shape[1];
                    let column = layer.horizontal[0] + i / channels % shape[1];
                    padded[(row * output[1] + column) * channels + i % channels] = x;
                }
                padded
            }
            Layer::GlobalAveragePool2D(_) => (0..channels)
                .map(|channel| {
                    let values = values[channel..].iter().step_by(channels);
                    values.clone().sum::<f64>() / values.count() as f64
                })
                .collect(),
            Layer::Dense(layer) => (0..layer.units())
                .map(|unit| {
                    let products = values
                        .iter()
                        .enumerate()
                        .map(|(i, x)| x * own[i * layer.units() + unit]);
                    products.sum::<f64>() + own[layer.kernel().data().len() + unit]
                })
                .collect(),
            Layer::Conv2D(layer) => {
                let (filters, bias) = (layer.filters(), &own[layer.kernel().data().len()..]);
                each(layer.window(), &|pixels, filter| {
                    let products = pixels.iter().flat_map(|&(k, y, x)| {
                        (0..channels).map(move |channel| {
                            values[pixel(y, x, channel)]
                                * own[(k * channels + channel) * filters + filter]
                        })
                    });
                    bias[filter] + products.sum::<f64>()
                })
            }
            Layer::DepthwiseConv2D(layer) => {
                let (outputs, bias) = (layer.outputs(), &own[layer.kernel().data().len()..]);
                each(layer.window(), &|pixels, out| {
                    let products = pixels.iter().map(|&(k, y, x)| {
                        values[pixel(y, x, out / layer.multiplier())] * own[k * outputs + out]
                    });
                    bias[out] + products.sum::<f64>()
                })
            }
            Layer::MaxPool2D(layer) => each(layer.window, &|pixels, channel| {
                let value = |&(_, y, x): &(usize, usize, usize)| values[pixel(y, x, channel)];
                pixels.iter().map(value).fold(f64::NEG_INFINITY, f64::max)
            }),
            Layer::AveragePool2D(layer) => each(layer.window, &|pixels, channel| {
                let value = |&(_, y, x): &(usize, usize, usize)| values[pixel(y, x, channel)];
                pixels.iter().map(value).sum::<f64>() / pixels.len() as f64
            }),
        }
    }

    /// For each output position the pixels under the window: element, row, column.
    fn positions<'a>(
        window: Window,
        input: &'a [usize],
        output: &'a [usize],
    ) -> impl Iterator<Item = Vec<(usize, usize, usize)>> + 'a {
        let [kernel, stride] = [window.kernel(), window.stride()];
        let before = window.pad_before([input[0], input[1]]);
        (0..output[0] * output[1]).map(move |position| {
            let place = |axis: usize, position: usize, k: usize| {
                let place = (position * stride[axis] + k) as i64 - before[axis] as i64;
                (0..input[axis] as i64)
                    .contains(&place)
                    .then_some(place as usize)
            };
            let elements = 0..kernel[0] * kernel[1];
            elements
                .filter_map(|k| {
                    let y = place(0, position / output[1], k / kernel[1])?;
                    let x = place(1, position % output[1], k % kernel[1])?;
                    Some((k, y, x))
                })
                .collect()
        })
    }
}
