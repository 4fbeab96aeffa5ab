//! Weights that PyTorch saved, made by `oracles/pytorch_state.py`: in a network of the same
//! layers they give what PyTorch gave.

use std::{collections::BTreeMap, fs, path::Path};

use gannet_formats::state::{STATE_FORMATS, StateFormat};
use gannet_graph::{
    Activation, BatchNormalization, Conv2D, Dense, DepthwiseConv2D, Flatten, Function, Graph,
    MaxPool2D, Padding, Tensor, Window,
};

/// PyTorch sums in single precision, the reference in double.
const TOLERANCE: f32 = 2e-6;

/// The network of the script, its layers named as its modules.
fn network() -> Graph {
    let window = |extents, stride, padding| Window::new(extents, stride, padding).unwrap();
    // PyTorch's default.
    let norm = |channels| {
        let [zeros, ones] = [0.0, 1.0].map(|x| Tensor::from_fn([channels], |_| x));
        let (gamma, beta) = (Some(ones.clone()), Some(zeros.clone()));
        BatchNormalization::new(gamma, beta, zeros, ones, 1e-5).unwrap()
    };
    let relu = Activation::new(Function::Relu);
    let column = window([3, 1], [1, 1], Padding::Same);
    let square = window([3, 3], [1, 1], Padding::Same);
    let mut graph = Graph::new("net", [6, 5, 2]).unwrap();
    let conv = Conv2D::zeros(column, 2, 4).with_bias();
    graph.push("features.0", conv).unwrap();
    graph.push("features.1", norm(4)).unwrap();
    graph.push("features.2", relu).unwrap();
    let depthwise = DepthwiseConv2D::zeros(square, 4, 2);
    graph.push("features.3", depthwise).unwrap();
    let pool = MaxPool2D::new(window([2, 2], [2, 2], Padding::Valid));
    graph.push("features.4", pool).unwrap();
    graph.push("flatten", Flatten).unwrap();
    graph.push("norm", norm(48)).unwrap();
    let hidden = Dense::zeros(48, 5).with_activation(Function::Relu);
    graph.push("hidden", hidden).unwrap();
    let scores = Dense::new(Tensor::zeros([5, 3]), None).unwrap();
    graph.push("scores", scores).unwrap();
    graph
}

fn fixture(extension: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    folder.join("pytorch-state").with_extension(extension)
}

#[test]
fn the_reference_gives_what_pytorch_gave() {
    let answer = fs::read_to_string(fixture("json")).unwrap();
    let answer: BTreeMap<String, Vec<f32>> = serde_json::from_str(&answer).unwrap();
    for format in STATE_FORMATS {
        let graph = format.read(fixture(format.extension), network()).unwrap();
        let input = Tensor::new([6, 5, 2], answer["input"].clone()).unwrap();
        let found = graph.run(&input).unwrap();
        assert_eq!(found.data().len(), answer["output"].len());
        for (found, expected) in found.data().iter().zip(&answer["output"]) {
            let difference = (found - expected).abs();
            assert!(
                difference <= TOLERANCE,
                "{}: {found} and not {expected}",
                format.name
            );
        }
    }
}

/// The names, extents and values that PyTorch wrote, but for its counts of batches.
#[test]
fn what_pytorch_wrote_is_written_again() {
    let format = StateFormat::of("x.safetensors").unwrap();
    let theirs = fs::read(fixture("safetensors")).unwrap();
    let graph = format.from_bytes(&theirs, network()).unwrap();
    let ours = format.to_bytes(&graph).unwrap();
    let [theirs, ours] = [&theirs, &ours].map(|file| {
        let file = safetensors::SafeTensors::deserialize(file).unwrap();
        let tensors = file.iter().filter(|(name, _)| !name.contains("batches"));
        let tensors = tensors.map(|(name, view)| {
            let shape = view.shape().to_vec();
            (name.to_owned(), (shape, view.data().to_vec()))
        });
        tensors.collect::<BTreeMap<_, _>>()
    });
    assert_eq!(ours, theirs);
}

#[test]
fn every_format_brings_back_every_bit() {
    let mut graph = network();
    let mut bits = 1_u32;
    for weight in graph.weights_mut().flatten() {
        bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *weight = f32::from_bits(bits >> 2);
    }
    let folder = tempfile::tempdir().unwrap();
    for format in STATE_FORMATS {
        let path = folder.path().join("state").with_extension(format.extension);
        format.write(&graph, &path).unwrap();
        let back = format.read(&path, network()).unwrap();
        assert_eq!(back, graph, "{}", format.name);
    }
}

#[test]
fn the_weights_of_another_network_are_refused() {
    let format = StateFormat::of("x.NPZ").unwrap();
    let mut other = Graph::new("net", [48]).unwrap();
    other.push("hidden", Dense::zeros(48, 6)).unwrap();
    let text = format.read(fixture("npz"), other).unwrap_err().to_string();
    assert!(
        text.contains("pytorch-state.npz")
            && text.contains("the shape of 'hidden.weight' is 5×48, supported: 6×48")
            && text.contains("'scores.weight'"),
        "{text}"
    );
}
