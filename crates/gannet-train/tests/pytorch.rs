//! Training against PyTorch: tests/fixtures/pytorch.py writes what it computed.

use gannet_data::{Classes, ImageShape, Images, Split};
use gannet_graph::{
    Conv2D, Dense, Flatten, Function, Graph, Layer, MaxPool2D, Padding, Regularizer, Window,
};
use gannet_train::{Control, Recipe, Start, Threads, evaluate, fit};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    shape: [usize; 3],
    layers: Vec<Description>,
    recipe: Recipe,
    labels: Vec<u8>,
    pixels: Vec<u8>,
    weights: Vec<f32>,
    outputs: Vec<f32>,
    losses: Vec<f64>,
    trained: Vec<f32>,
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
    Dense {
        units: usize,
        activation: String,
    },
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
    for description in &case.layers {
        let layer: Layer = match description {
            Description::Conv {
                filters,
                kernel,
                stride,
                padding,
                activation,
                bias,
                l2,
            } => {
                let channels = graph.output_shape().channels();
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
                if graph.output_shape().as_vector().is_none() {
                    graph.push(graph.free_name("flatten"), Flatten).unwrap();
                }
                Dense::zeros(graph.output_shape().elements(), *units)
                    .with_activation(Function::from_name(activation).unwrap())
                    .into()
            }
        };
        graph.push(graph.free_name("layer"), layer).unwrap();
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
    }
}
