//! Training against PyTorch: tests/fixtures/pytorch.py writes what it computed.

use gannet_data::{Classes, ImageShape, Images, Split};
use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Dense,
    DepthwiseConv2D, Flatten, Function, GlobalAveragePool2D, Graph, Layer, MaxPool2D, NodeId,
    Padding, Regularizer, Tensor, Window, ZeroPadding2D,
};
use gannet_train::{Control, Recipe, Start, Threads, evaluate, fit};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    shape: [usize; 3],
    layers: Vec<Place>,
    recipe: Recipe,
    labels: Vec<u8>,
    pixels: Vec<u8>,
    weights: Vec<f32>,
    outputs: Vec<f32>,
    losses: Vec<f64>,
    trained: Vec<f32>,
    #[serde(rename = "trained-outputs")]
    trained_outputs: Vec<f32>,
}

/// A layer, and the places of those that it reads if that is not the one before.
#[derive(Deserialize)]
struct Place {
    inputs: Option<Vec<usize>>,
    #[serde(flatten)]
    layer: Description,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Description {
    Conv {
        filters: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: String,
        activation: String,
        bias: bool,
        l2: f32,
    },
    Pool {
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: String,
    },
    Depthwise {
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: String,
        multiplier: usize,
        activation: String,
        bias: bool,
        l2: f32,
    },
    Average {
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: String,
    },
    Dense {
        units: usize,
        activation: String,
    },
    Norm {
        momentum: f32,
        epsilon: f32,
    },
    Act {
        activation: String,
    },
    Border {
        vertical: [usize; 2],
        horizontal: [usize; 2],
    },
    Mean,
    Add,
    Concatenate,
}

fn window(kernel: [usize; 2], stride: [usize; 2], padding: &str) -> Window {
    let padding = if padding == "same" {
        Padding::Same
    } else {
        Padding::Valid
    };
    Window::new(kernel, stride, padding).unwrap()
}

fn network(case: &Case) -> Graph {
    let mut graph = Graph::new(&case.name, case.shape).unwrap();
    // Where each place's output is to be found in the graph; the image has place 0.
    let mut places: Vec<NodeId> = vec![graph.output()];
    for (place, description) in case.layers.iter().enumerate() {
        let inputs = description.inputs.clone().unwrap_or(vec![place]);
        let mut inputs: Vec<NodeId> = inputs.into_iter().map(|input| places[input]).collect();
        let shape = graph.node(inputs[0]).output_shape().clone();
        let channels = shape.channels();
        let layer: Layer = match &description.layer {
            Description::Conv {
                filters,
                kernel,
                stride,
                padding,
                activation,
                bias,
                l2,
            } => {
                let conv = Conv2D::zeros(window(*kernel, *stride, padding), channels, *filters)
                    .with_activation(Function::from_name(activation).unwrap())
                    .with_kernel_regularizer(Regularizer::l2(*l2));
                if *bias {
                    conv.with_bias().into()
                } else {
                    conv.into()
                }
            }
            Description::Pool {
                kernel,
                stride,
                padding,
            } => MaxPool2D::new(window(*kernel, *stride, padding)).into(),
            Description::Dense { units, activation } => {
                if shape.as_vector().is_none() {
                    let name = graph.free_name("flatten");
                    inputs = vec![graph.add(name, Flatten, &inputs).unwrap()];
                }
                Dense::zeros(shape.elements(), *units)
                    .with_activation(Function::from_name(activation).unwrap())
                    .into()
            }
            Description::Depthwise {
                kernel,
                stride,
                padding,
                multiplier,
                activation,
                bias,
                l2,
            } => {
                let window = window(*kernel, *stride, padding);
                let mut depthwise = DepthwiseConv2D::zeros(window, channels, *multiplier)
                    .with_activation(Function::from_name(activation).unwrap());
                depthwise.kernel_regularizer = Regularizer::l2(*l2);
                if *bias {
                    depthwise.with_bias().into()
                } else {
                    depthwise.into()
                }
            }
            Description::Average {
                kernel,
                stride,
                padding,
            } => AveragePool2D::new(window(*kernel, *stride, padding)).into(),
            Description::Norm { momentum, epsilon } => {
                let zeros = || Tensor::zeros([channels]);
                let learned = [Some(zeros()), Some(zeros())];
                let [gamma, beta] = learned;
                let mut norm =
                    BatchNormalization::new(gamma, beta, zeros(), zeros(), *epsilon).unwrap();
                norm.momentum = *momentum;
                norm.into()
            }
            Description::Act { activation } => {
                Activation::new(Function::from_name(activation).unwrap()).into()
            }
            Description::Border {
                vertical,
                horizontal,
            } => ZeroPadding2D::new(*vertical, *horizontal).into(),
            Description::Mean => GlobalAveragePool2D.into(),
            Description::Add => Add.into(),
            Description::Concatenate => Concatenate.into(),
        };
        let name = graph.free_name("layer");
        places.push(graph.add(name, layer, &inputs).unwrap());
    }
    let mut weights = case.weights.iter();
    graph
        .weights_mut()
        .flatten()
        .for_each(|weight| *weight = *weights.next().unwrap());
    assert_eq!(weights.next(), None);
    graph
}

fn close(case: &Case, what: &str, found: f64, expected: f64) {
    let error = (found - expected).abs();
    assert!(
        error < 2e-5 * expected.abs() + 2e-6,
        "{}: {what} {found} instead of {expected}",
        case.name
    );
}

#[test]
fn three_steps_are_those_of_pytorch() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("fixtures/pytorch.json")).unwrap();
    for case in &cases {
        let graph = network(case);
        let [height, width, channels] = case.shape;
        let shape = ImageShape::new(height, width, channels).unwrap();
        let images = Images::new(shape, case.pixels.clone()).unwrap();

        let outputs = evaluate(&graph, &images, Threads::All).unwrap();
        assert_eq!(outputs.len(), case.outputs.len());
        for (&found, &expected) in outputs.iter().zip(&case.outputs) {
            close(case, "output", f64::from(found), f64::from(expected));
        }

        let split = Split::new(images, case.labels.clone(), &Classes::digits()).unwrap();
        let recipe = Recipe {
            epochs: case.losses.len(),
            batch: split.len(),
            start: Start::Given,
            ..case.recipe.clone()
        };
        let trained = fit(graph, &split, &split, &recipe, Threads::All, &mut |_| {
            Control::Continue
        })
        .unwrap();
        for (epoch, &loss) in trained.history.iter().zip(&case.losses) {
            close(case, "loss", epoch.loss, loss);
        }
        for (&found, &expected) in trained.graph.weights().flatten().zip(&case.trained) {
            close(case, "weight", f64::from(found), f64::from(expected));
        }
        let outputs = evaluate(&trained.graph, split.images(), Threads::All).unwrap();
        for (&found, &expected) in outputs.iter().zip(&case.trained_outputs) {
            close(case, "last output", f64::from(found), f64::from(expected));
        }
    }
}
