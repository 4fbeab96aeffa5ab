//! Quantized networks as ONNX: what TensorFlow's converter made, written as pairs of
//! `QuantizeLinear` and `DequantizeLinear` and read again, computes the same integers; and what
//! onnxruntime's quantizer and PyTorch wrote gives what onnxruntime gives. Those files are made by
//! `oracles/onnx_quantized.py`; `GANNET_ONNX_QUANTIZED` names another folder of such files.

mod answers;

use std::{fs, path::Path};

use answers::{answers, numbers};
use gannet_formats::{FORMATS, Format, FormatError, Model, onnx};
use gannet_graph::{QuantizedGraph, quantized::QuantizedTensor};

fn format(extension: &str) -> &'static Format {
    let format = FORMATS.iter().find(|f| f.extensions.contains(&extension));
    format.unwrap()
}

fn fixture(name: &str) -> QuantizedGraph {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tflite");
    let file = fs::read(folder.join(name).with_extension("tflite")).unwrap();
    match format("tflite").from_bytes(&file).unwrap() {
        Model::Quantized(graph) => graph,
        Model::Float(_) => panic!("{name} is not quantized"),
    }
}

/// The integers of an input that runs through all values of its type.
fn picture(graph: &QuantizedGraph) -> QuantizedTensor {
    let [low, _] = graph.input_type().quantization.element().range();
    QuantizedTensor::from_fn(graph.input_type().clone(), |i| (i as i32 * 37) % 256 + low)
}

#[test]
fn a_round_trip_keeps_every_integer() {
    for name in [
        "image-int8",
        "image-int8-per-tensor",
        "image-int8-float-ends",
        "image-uint8-ends",
        "branches-uint8-ends",
        "branches-int8",
        "branches-int8-per-tensor",
        "hard-swish-int8",
        "sums-int8",
        "larger-int8",
        "larger-int8-per-tensor",
        "larger-uint8-ends",
    ] {
        let graph = fixture(name);
        let file = format("onnx")
            .to_bytes(&graph)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let back = format("onnx")
            .from_bytes(&file)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let Model::Quantized(back) = back else {
            panic!("{name} is read as a network of real numbers");
        };
        assert_eq!(
            (back.input_end, back.output_end),
            (graph.input_end, graph.output_end)
        );
        let weights = |graph: &QuantizedGraph| -> Vec<String> {
            let layers = graph.nodes().iter().map(|node| node.layer());
            layers
                .flat_map(|layer| layer.weights())
                .map(|w| format!("{w:?}"))
                .collect()
        };
        assert_eq!(weights(&back), weights(&graph), "{name}");
        let picture = picture(&graph);
        let expected = graph.run(&picture).unwrap();
        assert_eq!(
            back.run(&picture).unwrap().data(),
            expected.data(),
            "{name}"
        );
    }
}

/// What ONNX's pairs cannot say is refused by name.
#[test]
fn other_integers_are_refused() {
    for name in ["sums-int16", "wide-int16"] {
        let error = format("onnx")
            .to_bytes(&fixture(name))
            .unwrap_err()
            .to_string();
        assert!(error.contains("int8"), "{name}: {error}");
    }
}

/// How far an output may be from onnxruntime's, in steps of its integers: it multiplies sums by
/// one number of single precision where the reference rounds twice, and so is a step away now and
/// then.
const STEPS: f64 = 1.0;

/// How many outputs may be another integer than onnxruntime's.
const OTHERS: f64 = 0.25;

#[test]
fn the_reference_gives_what_onnxruntime_gave() {
    let (mut outputs, mut others) = (0_u32, 0_u32);
    for (path, imported, answer) in answers("GANNET_ONNX_QUANTIZED", "onnx-quantized") {
        assert!(matches!(imported.network, Model::Quantized(_)));
        let step = answer["step"].as_f64().unwrap();
        let pairs = answer["inputs"].as_array().unwrap().iter();
        for (input, expected) in pairs.zip(answer["outputs"].as_array().unwrap()) {
            let (found, expected) = (imported.run(&numbers(input)).unwrap(), numbers(expected));
            assert_eq!(found.len(), expected.len(), "{}", path.display());
            for (found, expected) in found.iter().zip(&expected) {
                let steps = (f64::from(found - expected) / step).round().abs();
                let path = path.display();
                assert!(steps <= STEPS, "{path}: {found} and not {expected}");
                outputs += 1;
                others += u32::from(steps > 0.0);
            }
        }
    }
    assert!(outputs > 0, "no file has an answer");
    let share = f64::from(others) / f64::from(outputs);
    assert!(share <= OTHERS, "{share} of all outputs are others");
}

/// A function that has no form in integers in the place of each that limits: all of them are told.
#[test]
fn every_layer_without_a_form_is_told() {
    let mut file = format("onnx").to_bytes(&fixture("image-int8")).unwrap();
    let mut replaced = 0;
    for start in 0..file.len() - 4 {
        // Behind its tag and its length, so that no name is one.
        if file[start..].starts_with(b"\x22\x04Relu") {
            file[start + 2] = b'S';
            replaced += 1;
        }
    }
    let error = onnx::from_bytes(&file).unwrap_err();
    let FormatError::Unsupported(obstacles) = error else {
        panic!("{error}");
    };
    let functions = obstacles.0.iter().filter(|o| o.class == "Activation");
    assert_eq!((functions.count(), replaced), (2, 2), "{obstacles}");
}
