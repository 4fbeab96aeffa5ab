//! Every layer that has a form in integers, and what is told of one that has none.

mod every_layer;

use std::collections::BTreeSet;

use every_layer::{network, pictures};
use gannet_graph::quantized::{Layer, WeightBits};
use gannet_graph::{Activation, Function, Graph, Permute};
use gannet_quantize::{
    BiasCorrection, Calibration, Equalization, Method, QuantizeError, Quantized, quantize,
};

fn signal_to_noise(quantized: &Quantized) -> f64 {
    let output = quantized.layers.last().unwrap();
    output.signal_to_noise_db.unwrap()
}

#[test]
fn every_layer_keeps_most_of_its_values() {
    let quantized = quantize(&network().unwrap(), &pictures(40), &Method::default()).unwrap();
    let kinds: BTreeSet<&str> = quantized.layers.iter().map(|layer| layer.kind).collect();
    assert_eq!(kinds, Layer::KINDS.iter().copied().collect());
    for layer in &quantized.layers {
        let db = layer.signal_to_noise_db.unwrap_or(f64::INFINITY);
        assert!(db > 20.0, "{}: {db} dB", layer.name);
    }
    // Bytes are integers already, and a maximum of them is one of them.
    for name in ["input", "corner"] {
        let layer = quantized.layers.iter().find(|layer| layer.name == name);
        assert!(
            layer
                .unwrap()
                .signal_to_noise_db
                .is_none_or(|db| db > 120.0)
        );
    }
}

#[test]
fn every_method_gives_a_network_that_is_near() {
    let graph = network().unwrap();
    let images = pictures(20);
    let calibrations = [
        Calibration::MinMax,
        Calibration::Percentile,
        Calibration::MeanSquaredError,
    ];
    for calibration in calibrations {
        for equalization in [Equalization::None, Equalization::CrossLayer] {
            for bias_correction in [BiasCorrection::None, BiasCorrection::Empirical] {
                let method = Method {
                    calibration,
                    equalization,
                    bias_correction,
                    dense_bits: WeightBits::Eight,
                    conv_bits: WeightBits::Eight,
                };
                let db = signal_to_noise(&quantize(&graph, &images, &method).unwrap());
                assert!(db > 20.0, "{method:?}: {db} dB");
            }
        }
    }
}

#[test]
fn all_that_has_no_integers_is_named() {
    let mut graph = Graph::new("net", [4, 4, 1]).unwrap();
    graph.push("gelu", Activation::new(Function::Gelu)).unwrap();
    let turned = Permute::new(vec![1, 0, 2]).unwrap();
    graph.push("turned", turned).unwrap();
    let shape = gannet_data::ImageShape::new(4, 4, 1).unwrap();
    let images = gannet_data::Images::new(shape, vec![0; 16]).unwrap();
    let text = quantize(&graph, &images, &Method::default())
        .unwrap_err()
        .to_string();
    for part in ["'net'", "'gelu'", "'turned' (Permute)"] {
        assert!(text.contains(part), "'{part}' in: {text}");
    }
    let images = pictures(1);
    let error = quantize(&graph, &images, &Method::default()).unwrap_err();
    assert!(
        matches!(error, QuantizeError::PictureShape { .. }),
        "{error}"
    );
}
