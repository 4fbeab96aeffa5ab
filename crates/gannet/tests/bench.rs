//! `gannet bench` on networks with random weights: counts repeat, and what is estimated from the
//! Program agrees with the trace of the real image.

#![allow(clippy::print_stdout, reason = "the figures of docs/cycles.md")]

use std::path::{Path, PathBuf};
use std::process::Command;

use gannet_data::{ImageShape, Images};
use gannet_formats::ModelRef;
use gannet_graph::{
    Activation, AveragePool2D, Conv2D, Dense, DepthwiseConv2D, Flatten, Function, Graph,
    GraphError, Padding, Window, networks,
};
use gannet_quantize::{Method, quantize};
use serde_json::Value;

/// Depthwise and 1×1 convolutions in turn, as in networks that listen for keywords.
fn separable() -> Result<Graph, GraphError> {
    let window = |kernel, strides| Window::new([kernel; 2], [strides; 2], Padding::Same);
    let relu = Activation::new(Function::Relu);
    let mut graph = Graph::with_input("separable", "input_1", [28, 28, 1])?;
    graph.push("conv2d", Conv2D::zeros(window(3, 2)?, 1, 16))?;
    graph.push("relu", relu)?;
    for layer in ["first", "second"] {
        let depthwise = DepthwiseConv2D::zeros(window(3, 1)?, 16, 1).with_bias();
        graph.push(format!("{layer}_depthwise"), depthwise)?;
        graph.push(format!("{layer}_relu"), relu)?;
        graph.push(
            format!("{layer}_pointwise"),
            Conv2D::zeros(window(1, 1)?, 16, 16),
        )?;
        graph.push(format!("{layer}_relu_1"), relu)?;
    }
    let pool = Window::new([2, 2], [2, 2], Padding::Valid)?;
    graph.push("average", AveragePool2D::new(pool))?;
    graph.push("flatten", Flatten)?;
    graph.push(
        "dense",
        Dense::zeros(7 * 7 * 16, 10).with_activation(Function::Softmax),
    )?;
    Ok(graph)
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// The model in a file of its own.
fn written<'m>(model: impl Into<ModelRef<'m>>, file: &str) -> PathBuf {
    let path = folder().join(file);
    gannet_formats::write(model, &path).unwrap();
    path
}

/// Pictures to quantize with.
fn pictures() -> Images {
    let shape = ImageShape::new(28, 28, 1).unwrap();
    let pixels = (0..8 * 784_u32).map(|i| (i * i / 7 % 256) as u8);
    Images::new(shape, pixels.collect()).unwrap()
}

/// The report's section of one run. All runs in a language share a project's folder, so that
/// little is built.
fn bench(model: &Path, lang: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_gannet"))
        .args(["bench", "--json", "-", "--lang", lang, "--folder"])
        .arg(folder().join(format!("bench-{lang}")))
        .arg(model)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["bench"].clone()
}

fn cycles(of: &Value, name: &str) -> f64 {
    of[name]
        .as_f64()
        .unwrap_or_else(|| panic!("no {name} in {of}"))
}

/// By what part of the traced cycles the estimate without a trace is above them.
fn apart(of: &Value) -> f64 {
    cycles(of, "static_estimated_cycles") / cycles(of, "estimated_cycles") - 1.0
}

/// Of the layers that take a hundredth of the whole or more, the one whose estimate is the
/// furthest from its trace.
fn furthest(section: &Value) -> &Value {
    let total = cycles(section, "estimated_cycles");
    let layers = section["layers"].as_array().unwrap().iter();
    layers
        .filter(|layer| cycles(layer, "estimated_cycles") >= total / 100.0)
        .max_by(|a, b| apart(a).abs().total_cmp(&apart(b).abs()))
        .unwrap()
}

/// Traced and estimated cycles agree within 10 % in all, and within 20 % for each layer that
/// takes a hundredth of the whole or more: in real numbers and in integers, in Rust and in C.
#[test]
fn the_estimate_without_a_trace_agrees_with_the_trace() {
    let graphs = [
        networks::mnist_small(),
        networks::digits_small(),
        separable().unwrap(),
    ];
    let mut is_apart = Vec::new();
    println!("| network | | traced | without trace | apart | the layer furthest apart |");
    for (seed, mut graph) in graphs.into_iter().enumerate() {
        gannet_train::initialize(&mut graph, seed as u64);
        let name = graph.name();
        let quantized = quantize(&graph, &pictures(), &Method::default()).unwrap();
        for (model, numbers) in [
            (written(&graph, &format!("{name}.h5")), "f32"),
            (written(&quantized.graph, &format!("{name}.tflite")), "int8"),
        ] {
            for lang in ["rust", "c"] {
                let section = bench(&model, lang);
                let (all, layer) = (apart(&section), furthest(&section));
                let row = format!(
                    "| {name} | {numbers}, {lang} | {} | {} | {:+.1} % | {}, {:+.1} % |",
                    section["estimated_cycles"],
                    section["static_estimated_cycles"],
                    100.0 * all,
                    layer["name"],
                    100.0 * apart(layer)
                );
                println!("{row}");
                if all.abs() >= 0.1 || apart(layer).abs() >= 0.2 {
                    is_apart.push(row);
                }
                if seed == 0 && lang == "rust" {
                    assert_eq!(section, bench(&model, lang), "counts repeat exactly");
                }
            }
        }
    }
    assert!(is_apart.is_empty(), "{}", is_apart.join("\n"));
}
