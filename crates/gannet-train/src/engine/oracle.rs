//! The loss of a network by the textbook, slowly and in `f64` throughout: what the engine's
//! gradients are held against. Normalizations take the statistics of all images.

use gannet_data::Split;
use gannet_graph::{Function, Graph, Layer, Shape, Tensor, Window};

use super::Head;
use crate::loss::Loss;

/// An element of a window and the pixel under it: number, row, column.
type Element = (usize, usize, usize);

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
    let target = |k: usize| f64::from(u8::from(k == label)) * (1.0 - smoothing) + smoothing * share;
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
        Function::Softmax => values.chunks_mut(channels).for_each(softmax),
        Function::LogSoftmax => {
            for row in values.chunks_mut(channels) {
                softmax(row);
                row.iter_mut().for_each(|p| *p = p.ln());
            }
        }
        _ => values.iter_mut().for_each(|x| *x = of(function, *x)),
    }
}

fn softmax(row: &mut [f64]) {
    row.iter_mut().for_each(|x| *x = x.exp());
    let sum: f64 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}

/// The function of one value.
fn of(function: Function, x: f64) -> f64 {
    match function {
        Function::Linear => x,
        Function::Relu => x.max(0.0),
        Function::Relu6 => x.clamp(0.0, 6.0),
        Function::Clip { low, high } => x.clamp(low.into(), high.into()),
        Function::LeakyRelu { slope } => x.max(0.0) + f64::from(slope) * x.min(0.0),
        Function::Elu { alpha } => x.max(0.0) + f64::from(alpha) * (x.min(0.0).exp() - 1.0),
        Function::Selu => {
            let alpha = Function::SELU_ALPHA;
            f64::from(Function::SELU_SCALE) * of(Function::Elu { alpha }, x)
        }
        Function::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Function::HardSigmoid { slope, offset } => {
            (f64::from(slope) * x + f64::from(offset)).clamp(0.0, 1.0)
        }
        Function::Tanh => x.tanh(),
        Function::Softplus => (1.0 + x.exp()).ln(),
        Function::Silu => x * of(Function::Sigmoid, x),
        Function::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Function::Gelu => x * share_below(x),
        Function::GeluTanh => {
            let cube = f64::from(Function::GELU_CUBE) * x.powi(3);
            0.5 * x * (1.0 + (f64::from(Function::GELU_STEEPNESS) * (x + cube)).tanh())
        }
        Function::Softmax | Function::LogSoftmax => unreachable!("they act on rows"),
    }
}

/// The normal distribution's share below `x`, by Simpson's rule from 0.
fn share_below(x: f64) -> f64 {
    const STEPS: u32 = 200;
    let density = |i: u32| (-(x * f64::from(i) / f64::from(STEPS)).powi(2) / 2.0).exp();
    let weighted = (0..=STEPS).map(|i| match i {
        0 | STEPS => density(i),
        odd if odd % 2 == 1 => 4.0 * density(odd),
        even => 2.0 * density(even),
    });
    let integral = weighted.sum::<f64>() * x / f64::from(STEPS) / 3.0;
    0.5 + integral / (2.0 * std::f64::consts::PI).sqrt()
}

/// Each image's last sums and outputs.
fn outputs(graph: &Graph, mut weights: &[f64], images: Vec<Vec<f64>>) -> Vec<(Vec<f64>, Vec<f64>)> {
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
            *x = (*x - mean) / (variance + epsilon).sqrt() * own[channel] + own[channels + channel];
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
    let each = |window: Window, of: &dyn Fn(&[Element], usize) -> f64| {
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
            let of_group = channels / layer.groups();
            let filters_of_group = filters / layer.groups();
            each(layer.window(), &|pixels, filter| {
                let first = filter / filters_of_group * of_group;
                let products = pixels.iter().flat_map(|&(k, y, x)| {
                    (0..of_group).map(move |channel| {
                        values[pixel(y, x, first + channel)]
                            * own[(k * of_group + channel) * filters + filter]
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
            let value = |&(_, y, x): &Element| values[pixel(y, x, channel)];
            pixels.iter().map(value).fold(f64::NEG_INFINITY, f64::max)
        }),
        Layer::AveragePool2D(layer) => each(layer.window, &|pixels, channel| {
            let value = |&(_, y, x): &Element| values[pixel(y, x, channel)];
            pixels.iter().map(value).sum::<f64>() / pixels.len() as f64
        }),
        Layer::Reshape(_) => values.to_vec(),
        Layer::Cropping2D(_) | Layer::UpSampling2D(_) | Layer::Permute(_) => {
            // Where the reference puts the number of each element.
            let numbers = Tensor::from_fn(shape.to_vec(), |i| i as f32);
            let moved = layer.run(&[&numbers], &Shape::from(output.to_vec()));
            moved.data().iter().map(|&i| values[i as usize]).collect()
        }
        Layer::Rescaling(layer) => (values.iter().enumerate())
            .map(|(i, x)| {
                let each = layer.scale_shift(i % channels);
                each.scale * x + each.shift
            })
            .collect(),
        Layer::PReLU(layer) => {
            let all = layer.alpha().shape().elements() == values.len();
            let slope = |i: usize| own[if all { i } else { i % channels }];
            let bent = values.iter().enumerate();
            bent.map(|(i, x)| x.max(0.0) + slope(i) * x.min(0.0))
                .collect()
        }
        Layer::Subtract(_) => joined(inputs, |a, b| a - b),
        Layer::Multiply(_) => joined(inputs, |a, b| a * b),
        Layer::Maximum(_) => joined(inputs, f64::max),
        Layer::Minimum(_) => joined(inputs, f64::min),
        Layer::GlobalMaxPool2D(_) => (0..channels)
            .map(|channel| {
                let values = values[channel..].iter().step_by(channels);
                values.copied().fold(f64::NEG_INFINITY, f64::max)
            })
            .collect(),
        Layer::Conv2DTranspose(layer) => {
            let filters = layer.filters();
            let (kernel, bias) = own.split_at(layer.kernel().data().len());
            let mut sums: Vec<f64> = (0..output.iter().product())
                .map(|i: usize| bias.get(i % filters).copied().unwrap_or(0.0))
                .collect();
            let (window, cut) = (layer.window(), layer.cut());
            let [rows, columns] = window.kernel();
            for (i, x) in values.iter().enumerate() {
                let (pixel, channel) = (i / channels, i % channels);
                let from = [pixel / shape[1], pixel % shape[1]];
                for k in 0..rows * columns {
                    let element = [k / columns, k % columns];
                    let place = [0, 1].map(|axis| {
                        let place = from[axis] * window.stride()[axis]
                            + element[axis] * window.dilation()[axis];
                        place as i64 - cut[axis] as i64
                    });
                    let inside = |axis: usize| (0..output[axis] as i64).contains(&place[axis]);
                    if inside(0) && inside(1) {
                        let to = (place[0] as usize * output[1] + place[1] as usize) * filters;
                        for filter in 0..filters {
                            let weight = kernel[(k * filters + filter) * channels + channel];
                            sums[to + filter] += x * weight;
                        }
                    }
                }
            }
            sums
        }
    }
}

/// The inputs' elements, joined from the first to the last.
fn joined(inputs: &[&[f64]], join: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let of = |i: usize| {
        let values = inputs.iter().map(|input| input[i]);
        values.reduce(&join).unwrap()
    };
    (0..inputs[0].len()).map(of).collect()
}

/// For each output position the pixels under the window: element, row, column.
fn positions<'a>(
    window: Window,
    input: &'a [usize],
    output: &'a [usize],
) -> impl Iterator<Item = Vec<Element>> + 'a {
    let [kernel, stride, dilation] = [window.kernel(), window.stride(), window.dilation()];
    let before = window.pad_before([input[0], input[1]]);
    (0..output[0] * output[1]).map(move |position| {
        let place = |axis: usize, position: usize, k: usize| {
            let place = (position * stride[axis] + k * dilation[axis]) as i64 - before[axis] as i64;
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
