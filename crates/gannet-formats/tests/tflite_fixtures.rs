//! Files that TensorFlow's converter wrote, made by `oracles/tflite.py` with the outputs of
//! LiteRT's reference kernels: integers are equal to the bit. `GANNET_TFLITE_FIXTURES` names
//! another folder of such files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gannet_formats::{Model, ModelRef, read, tflite};
use gannet_graph::{
    Conv2D, Graph, Padding, QuantizedGraph, Tensor, Window,
    quantized::{
        Bias, Clamp, Dense, Element, End, Kernel, Products, Quantization, QuantizedTensor,
        TensorType, WeightBits,
    },
};
use serde_json::Value;

/// LiteRT sums in single precision, the reference in double.
const TOLERANCE: f32 = 1e-5;

fn folder() -> PathBuf {
    std::env::var_os("GANNET_TFLITE_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tflite"),
        PathBuf::from,
    )
}

/// The files that have an answer beside them.
fn fixtures() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "tflite")
    });
    paths.retain(|path| path.with_extension("json").exists());
    paths.sort();
    paths
}

fn numbers(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|x| x.as_f64().unwrap()).collect()
}

/// What the network gives for `input`, in the terms of its ends.
fn output(model: &Model, input: &[f64]) -> Vec<f64> {
    let reals = || {
        let input = input.iter().map(|&x| x as f32).collect();
        Tensor::new(model.as_ref().input_shape().clone(), input).unwrap()
    };
    let widened = |tensor: &Tensor| tensor.data().iter().map(|&x| f64::from(x)).collect();
    match model {
        Model::Float(graph) => widened(&graph.run(&reals()).unwrap()),
        Model::Quantized(graph) => {
            let input = match graph.input_end {
                End::Floats => QuantizedTensor::quantize(&reals(), graph.input_type().quantization),
                End::Integers => {
                    let input = input.iter().map(|&x| x as i32).collect();
                    QuantizedTensor::new(graph.input_type().clone(), input).unwrap()
                }
            };
            let output = graph.run(&input).unwrap();
            match graph.output_end {
                End::Floats => widened(&output.dequantize()),
                End::Integers => output.data().iter().map(|&x| f64::from(x)).collect(),
            }
        }
    }
}

fn compare(path: &Path, model: &Model) {
    let answer: Value =
        serde_json::from_str(&fs::read_to_string(path.with_extension("json")).unwrap()).unwrap();
    let exact = matches!(model, Model::Quantized(_));
    let [inputs, outputs] =
        ["inputs", "outputs"].map(|name| answer[name].as_array().unwrap().clone());
    for (i, (input, expected)) in inputs.iter().zip(&outputs).enumerate() {
        let (found, expected) = (output(model, &numbers(input)), numbers(expected));
        assert_eq!(found.len(), expected.len(), "{}", path.display());
        for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
            // As `f32`, which the oracle wrote with more places than it has.
            let difference = (*found as f32 - *expected as f32).abs();
            assert!(
                difference <= if exact { 0.0 } else { TOLERANCE },
                "{}, input {i}, value {place}: {found} and not {expected}",
                path.display()
            );
        }
    }
}

#[test]
fn the_reference_gives_what_litert_gave() {
    let paths = fixtures();
    assert!(!paths.is_empty(), "no file has an answer");
    let mut faults = Vec::new();
    for path in paths {
        match read(&path) {
            Ok(model) => {
                if let Err(e) = std::panic::catch_unwind(|| compare(&path, &model)) {
                    faults.push(e.downcast_ref::<String>().cloned().unwrap_or_default());
                }
            }
            Err(error) => faults.push(error.to_string()),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_the_converter_wrote_is_written_as_the_same_network() {
    for path in fixtures() {
        let model = read(&path).unwrap_or_else(|error| panic!("{error}"));
        let file = tflite::to_tflite(ModelRef::from(&model)).unwrap();
        let back = tflite::from_tflite(&file).unwrap_or_else(|error| panic!("{error}"));
        compare(&path, &back);
        if let (Model::Quantized(model), Model::Quantized(back)) = (&model, &back) {
            assert_eq!(model.hash(), back.hash(), "{}", path.display());
        }
    }
}

/// Three features and three units, so that the last byte holds one weight.
#[test]
fn weights_of_few_bits_are_packed_and_unpacked() {
    packed_and_unpacked(WeightBits::Four, [-8, 7, 0, 1, -1, 5, -3, 2, -7]);
    packed_and_unpacked(WeightBits::Two, [-2, 1, 0, 1, -1, -1, 0, -2, -1]);
}

fn packed_and_unpacked(bits: WeightBits, values: [i8; 9]) {
    let quantization = |scale| Quantization::new(Element::I8, scale, 3).unwrap();
    let kernel = Kernel::new([3, 3], values.to_vec(), bits, vec![0.25]).unwrap();
    let bias = Some(Bias::I32(vec![10, -20, 30]));
    let products = Products::new(kernel, bias, quantization(0.5), Clamp::None);
    let input = TensorType::new([3], quantization(0.1));
    let mut graph = QuantizedGraph::new("net", input).unwrap();
    graph.push("dense", Dense::new(products).unwrap()).unwrap();
    let file = tflite::to_tflite(ModelRef::from(&graph)).unwrap();
    let Model::Quantized(back) = tflite::from_tflite(&file).unwrap() else {
        panic!("the network is of integers");
    };
    assert_eq!(back, graph);
}

/// TFLite has no border of one's own choice: a convolution's becomes a `PAD` before it.
#[test]
fn an_explicit_border_is_an_operator_of_its_own() {
    let padding = Padding::Explicit {
        vertical: [2, 0],
        horizontal: [1, 3],
    };
    let window = Window::new([3, 2], [2, 1], padding).unwrap();
    let kernel = Tensor::from_fn([3, 2, 2, 3], |i| (i % 7) as f32 - 3.0);
    let mut graph = Graph::new("net", [5, 4, 2]).unwrap();
    let conv = Conv2D::new(window, kernel, None).unwrap();
    graph.push("conv", conv).unwrap();
    let file = tflite::to_tflite(ModelRef::from(&graph)).unwrap();
    let Model::Float(back) = tflite::from_tflite(&file).unwrap() else {
        panic!("the network is of real numbers");
    };
    let kinds: Vec<&str> = back.nodes().iter().map(|n| n.layer().kind()).collect();
    assert_eq!(kinds, ["InputLayer", "ZeroPadding2D", "Conv2D"]);
    let image = Tensor::from_fn([5, 4, 2], |i| (i * 5 % 11) as f32);
    assert_eq!(back.run(&image).unwrap(), graph.run(&image).unwrap());
}
