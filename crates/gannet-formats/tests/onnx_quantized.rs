//! Quantized networks through ONNX: what TensorFlow's converter made, written as pairs of
//! `QuantizeLinear` and `DequantizeLinear` and read again, computes the same integers.

use std::{fs, path::Path};

use gannet_formats::{FORMATS, Format, Model};
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
    QuantizedTensor::from_fn(graph.input_type().clone(), |i| (i as i32 * 37) % 256 - 128)
}

#[test]
fn a_round_trip_keeps_every_integer() {
    for name in [
        "image-int8",
        "image-int8-per-tensor",
        "image-int8-float-ends",
        "branches-int8",
        "branches-int8-per-tensor",
        "hard-swish-int8",
        "sums-int8",
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
    for name in ["sums-int16", "image-uint8-ends"] {
        let error = format("onnx")
            .to_bytes(&fixture(name))
            .unwrap_err()
            .to_string();
        assert!(error.contains("int8"), "{name}: {error}");
    }
}
