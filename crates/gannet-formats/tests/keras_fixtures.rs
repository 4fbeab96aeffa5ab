//! Files that Keras 3 and Keras 2 wrote, made by `oracles/keras_files.py`, and files as Keras 1
//! wrote them, made by `oracles/keras_1_files.py`: the reference gives what the framework gave.
//! `GANNET_FIXTURES` names another folder of such files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gannet_formats::{FormatError, keras, read_float};
use gannet_graph::{Graph, Layer, Regularizer, Tensor};

/// Frameworks sum in single precision, the reference in double.
const TOLERANCE: f32 = 1e-6;

fn folder() -> PathBuf {
    std::env::var_os("GANNET_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"),
        PathBuf::from,
    )
}

fn fixture(name: &str) -> PathBuf {
    folder().join(name)
}

/// What is wrong with a fixture.
fn refusal(name: &str) -> FormatError {
    match read_float(fixture(name)).unwrap_err() {
        FormatError::InFile { error, .. } => *error,
        error => panic!("the error names no file: {error}"),
    }
}

fn numbers(answer: &serde_json::Value, name: &str) -> Vec<f32> {
    let numbers = answer[name].as_array().unwrap();
    numbers.iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

#[test]
fn the_reference_gives_what_keras_gave() {
    let mut compared = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let answer = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for extension in ["h5", "keras"] {
            let path = path.with_extension(extension);
            if path.exists() {
                compare(&path, &answer);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 37, "files with an answer");
}

/// Whether the network in a file gives what Keras answered.
fn compare(path: &Path, answer: &serde_json::Value) {
    let graph = read_float(path).unwrap_or_else(|error| panic!("{error}"));
    let input = Tensor::new(graph.input_shape().clone(), numbers(answer, "input")).unwrap();
    let found = graph.run(&input).unwrap();
    let expected = numbers(answer, "output");
    assert_eq!(found.data().len(), expected.len(), "{}", path.display());
    for (found, expected) in found.data().iter().zip(&expected) {
        let difference = (found - expected).abs();
        assert!(
            difference <= TOLERANCE,
            "{}: {found} and not {expected}",
            path.display()
        );
    }
}

/// The two formats name and order the weights in different ways, even of one network.
#[test]
fn both_formats_of_one_network_hold_the_same() {
    for name in [
        "keras3-nested",
        "keras2-nested",
        "keras3-branches",
        "keras3-shared",
        "keras3-repeated",
        "keras2-repeated",
    ] {
        let [h5, keras] = ["h5", "keras"].map(|extension| {
            let path = fixture(name).with_extension(extension);
            read_float(path).unwrap()
        });
        assert_eq!(keras, h5, "{name}");
    }
}

/// The layers of models in models are the network's, under names that say where they are from.
#[test]
fn nested_models_are_taken_apart() {
    let graph = read_float(fixture("keras3-nested.keras")).unwrap();
    let names: Vec<&str> = graph.nodes().iter().map(|node| node.name()).collect();
    let expected = [
        "image",
        "stem/conv",
        "stem/norm",
        "stem/relu",
        "stem/block/inner_conv",
        "stem/block/frozen",
        "stem/block/add",
        "flatten",
        "head/hidden",
        "head/scores",
    ];
    assert_eq!(names, expected);
}

#[test]
fn what_keras_wrote_is_written_as_the_same_network() {
    for name in [
        "keras3-functional.h5",
        "keras2-sequential.h5",
        "keras3-branches.h5",
        "keras2-sequence.h5",
    ] {
        let graph = read_float(fixture(name)).unwrap();
        let back = keras::from_h5(&keras::to_h5(&graph).unwrap()).unwrap();
        assert_eq!(back, graph, "{name}");
        assert_eq!(back.hash(), graph.hash(), "{name}");
    }
}

/// The penalties are training's, so no output tells of them.
#[test]
fn regularizers_of_both_versions_are_read() {
    for name in ["keras3-functional.h5", "keras2-functional.h5"] {
        let graph = read_float(fixture(name)).unwrap();
        let penalties: Vec<Regularizer> = graph
            .nodes()
            .iter()
            .filter_map(|node| match node.layer() {
                Layer::Conv2D(conv) => Some(conv.kernel_regularizer),
                Layer::Dense(dense) => Some(dense.kernel_regularizer),
                _ => None,
            })
            .collect();
        let penalty = |l1, l2| Regularizer { l1, l2 };
        let expected = [
            penalty(0.0, 1e-4),
            penalty(0.01, 0.0),
            penalty(0.1, 0.2),
            Regularizer::NONE,
        ];
        assert_eq!(penalties, expected, "{name}");
    }
}

#[test]
fn dropout_is_a_layer() {
    let graph: Graph = read_float(fixture("keras3-sequential.h5")).unwrap();
    let kinds: Vec<&str> = graph.nodes().iter().map(|n| n.layer().kind()).collect();
    assert_eq!(
        kinds,
        [
            "InputLayer",
            "Conv2D",
            "MaxPooling2D",
            "Dropout",
            "Flatten",
            "Dense"
        ]
    );
    let Layer::Dropout(dropout) = graph.nodes()[3].layer() else {
        panic!("the fourth layer is dropout");
    };
    assert_eq!(dropout.rate(), 0.25);
}

/// What no output at inference tells of.
#[test]
fn the_options_of_branches_are_read() {
    for name in ["keras3-branches.h5", "keras2-branches.h5"] {
        let graph = read_float(fixture(name)).unwrap();
        let momenta: Vec<f32> = graph
            .nodes()
            .iter()
            .filter_map(|node| match node.layer() {
                Layer::BatchNormalization(normalization) => Some(normalization.momentum),
                _ => None,
            })
            .collect();
        assert_eq!(momenta, [0.9, 0.99, 0.99], "{name}");
        let penalties: Vec<Regularizer> = graph
            .nodes()
            .iter()
            .filter_map(|node| match node.layer() {
                Layer::DepthwiseConv2D(depthwise) => Some(depthwise.kernel_regularizer),
                _ => None,
            })
            .collect();
        // The second is of the separable convolution.
        assert_eq!(
            penalties,
            [Regularizer::l2(0.1), Regularizer::NONE],
            "{name}"
        );
    }
}

#[test]
fn a_sequence_is_an_image_one_row_high() {
    for name in ["keras3-sequence.h5", "keras2-sequence.h5"] {
        let graph = read_float(fixture(name)).unwrap();
        let shapes: Vec<String> = graph
            .nodes()
            .iter()
            .map(|node| node.output_shape().to_string())
            .collect();
        // Padding to 18, every second, windows of 3 and 2 inside, pairs, a window of 2.
        let expected = [
            "1×15×3", "1×18×3", "1×9×4", "1×7×8", "1×7×8", "1×6×8", "1×3×8", "1×2×8", "1×2×2",
        ];
        assert_eq!(shapes[..9], expected, "{name}");
    }
}

/// The input is turned too, and what is written has its channels last.
#[test]
fn channels_that_are_first_are_last_here() {
    let graph = read_float(fixture("keras3-first.keras")).unwrap();
    assert_eq!(graph.input_shape().dims(), [9, 8, 2]);
    let back = keras::from_archive(&keras::to_archive(&graph).unwrap()).unwrap();
    assert_eq!(back.params(), graph.params());
    assert_eq!(
        gannet_formats::largest_difference(&graph, &back, 1),
        Ok(0.0)
    );
}

#[test]
fn all_obstacles_are_told_at_once() {
    let FormatError::Unsupported(obstacles) = refusal("keras3-refused.h5") else {
        panic!("the file holds much that is not read");
    };
    let mut found: Vec<(&str, &str, &str)> = obstacles
        .0
        .iter()
        .map(|o| (o.layer.as_str(), o.attribute.as_str(), o.value.as_str()))
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("refused-net", "output_layers", "first, second"),
            ("rows", "axis", "1"),
            ("second", "data_format", "\"channels_first\""),
            ("smooth", "interpolation", "\"bilinear\""),
        ]
    );
    let text = FormatError::Unsupported(obstacles).to_string();
    assert!(text.contains(": axis is 1, supported: -1"), "{text}");
}

#[test]
fn weights_without_a_network_are_refused() {
    for name in ["keras3-only.weights.h5", "keras2-only-weights.h5"] {
        let error = refusal(name);
        assert!(matches!(error, FormatError::WeightsOnly), "{name}: {error}");
    }
}
