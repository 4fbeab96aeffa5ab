//! `gannet bench` on networks with random weights: counts repeat, and what is estimated from the
//! Program agrees with the trace of the real image.

use std::path::Path;
use std::process::Command;

use gannet_graph::{
    Activation, AveragePool2D, Conv2D, Dense, DepthwiseConv2D, Flatten, Function, Graph,
    GraphError, Padding, Window, networks,
};
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

/// The report's section of one run. All runs share a project's folder, so that little is built.
fn bench(graph: &Graph) -> Value {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let model = folder.join(format!("{}.h5", graph.name()));
    gannet_formats::write(graph, &model).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gannet"))
        .args(["bench", "--json", "-", "--folder"])
        .arg(folder.join("bench"))
        .arg(&model)
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

/// Traced and estimated cycles agree within 10 % in all, and within 20 % for each layer that
/// takes a hundredth of the whole or more.
fn assert_agrees(section: &Value, network: &str) {
    let apart =
        |of: &Value| cycles(of, "static_estimated_cycles") / cycles(of, "estimated_cycles") - 1.0;
    let total = cycles(section, "estimated_cycles");
    assert!(
        apart(section).abs() < 0.1,
        "{network}: {:+.3}",
        apart(section)
    );
    for layer in section["layers"].as_array().unwrap() {
        let counts = cycles(layer, "estimated_cycles") >= total / 100.0;
        assert!(
            !counts || apart(layer).abs() < 0.2,
            "{network}: {:+.3} for {layer}",
            apart(layer)
        );
    }
}

#[test]
fn the_estimate_without_a_trace_agrees_with_the_trace() {
    let graphs = [
        networks::mnist_small(),
        networks::digits_small(),
        separable().unwrap(),
    ];
    for (seed, mut graph) in graphs.into_iter().enumerate() {
        gannet_train::initialize(&mut graph, seed as u64);
        let section = bench(&graph);
        assert_agrees(&section, graph.name());
        if seed == 0 {
            assert_eq!(section, bench(&graph), "counts repeat exactly");
        }
    }
}
