//! The engine's gradients against central differences of an independent forward pass in
//! `f64`, and its bits on every backend against each other.

use gannet_data::{Classes, ImageShape, Images, Split};
use gannet_graph::{
    Activation, Conv2D, Dense, Flatten, Function, Graph, Layer, MaxPool2D, Padding, Window,
};

use super::{Backend, Batch, Crew, Head, Threads};
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
        let step = 1e-5;
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
        split
            .iter()
            .map(|sample| {
                let image = sample
                    .image
                    .pixels()
                    .iter()
                    .map(|&x| f64::from(x) / 255.0)
                    .collect();
                let (sums, outputs) = outputs(graph, weights, image);
                let weight = f64::from(class_weights[usize::from(sample.label)]);
                weight * loss_of(head, &sums, &outputs, usize::from(sample.label))
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

    /// The last layer's sums, and the outputs.
    fn outputs(graph: &Graph, mut weights: &[f64], image: Vec<f64>) -> (Vec<f64>, Vec<f64>) {
        let normal = graph.normal_form();
        let mut values = image;
        let mut sums = Vec::new();
        for node in normal.nodes() {
            let input = node
                .inputs()
                .first()
                .map(|&id| normal.node(id).output_shape().dims());
            let output = node.output_shape().dims();
            let (own, rest) = weights.split_at(node.layer().params());
            weights = rest;
            sums.clone_from(&values);
            values = match node.layer() {
                Layer::Input(_) | Layer::Flatten(_) => values,
                Layer::Activation(layer) => {
                    apply(layer.function, &mut values, *output.last().unwrap());
                    values
                }
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
                    let (filters, channels) = (layer.filters(), layer.channels());
                    let bias = &own[layer.kernel().data().len()..];
                    let width = input.unwrap()[1];
                    positions(layer.window(), input.unwrap(), output)
                        .flat_map(|pixels| {
                            (0..filters)
                                .map(|filter| {
                                    let mut sum = bias[filter];
                                    for &(k, y, x) in &pixels {
                                        for channel in 0..channels {
                                            sum += values[(y * width + x) * channels + channel]
                                                * own[(k * channels + channel) * filters + filter];
                                        }
                                    }
                                    sum
                                })
                                .collect::<Vec<_>>()
                        })
                        .collect()
                }
                Layer::MaxPool2D(layer) => {
                    let [_, width, channels] = input.unwrap()[..] else {
                        panic!()
                    };
                    positions(layer.window, input.unwrap(), output)
                        .flat_map(|pixels| {
                            (0..channels)
                                .map(|channel| {
                                    let value =
                                        |&(_, y, x)| values[(y * width + x) * channels + channel];
                                    pixels.iter().map(value).fold(f64::NEG_INFINITY, f64::max)
                                })
                                .collect::<Vec<_>>()
                        })
                        .collect()
                }
            };
        }
        let activated = normal.nodes().last().unwrap().layer().kind() == "Activation";
        (if activated { sums } else { values.clone() }, values)
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
