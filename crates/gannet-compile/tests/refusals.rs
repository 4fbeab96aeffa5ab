//! Networks whose numbers nothing useful can be computed with.

use gannet_compile::{CompileError, InputFormat, Options, compile, compile_quantized};
use gannet_graph::{
    BatchNormalization, Dense, Graph, QuantizedGraph, Tensor,
    quantized::{self, Element, Quantization, TensorType},
};

fn compiled(graph: &Graph) -> Result<(), CompileError> {
    compile(graph, &Options::new(InputFormat::F32)).map(|_| ())
}

#[test]
fn a_weight_that_is_no_number_is_named() {
    let kernel = Tensor::new([2, 1], vec![1.0, f32::NAN]).unwrap();
    let mut graph = Graph::new("net", [2]).unwrap();
    graph
        .push("dense", Dense::new(kernel, None).unwrap())
        .unwrap();
    let text = compiled(&graph).unwrap_err().to_string();
    assert!(
        text.contains("kernel of 'dense'") && text.contains("NaN at position 1"),
        "{text}"
    );
}

/// 3·10³⁸ · 3·10³⁸ is no `f32`, though each factor is.
#[test]
fn weights_that_overflow_when_they_are_folded_are_refused() {
    let of = |value: f32| Tensor::new([1], vec![value]).unwrap();
    let kernel = Tensor::new([1, 1], vec![3e38]).unwrap();
    let huge = BatchNormalization::new(Some(of(3e38)), None, of(0.0), of(1.0), 1e-3).unwrap();
    let mut graph = Graph::new("net", [1]).unwrap();
    graph
        .push("dense", Dense::new(kernel, None).unwrap())
        .unwrap();
    graph.push("norm", huge).unwrap();
    let text = compiled(&graph).unwrap_err().to_string();
    assert!(
        text.contains("folded weights of 'dense_kernel'") && text.contains("inf"),
        "{text}"
    );
}

/// A variance below −epsilon has no root.
#[test]
fn a_negative_variance_is_refused() {
    let of = |value: f32| Tensor::new([1], vec![value]).unwrap();
    let broken = BatchNormalization::new(None, None, of(0.0), of(-1.0), 1e-3).unwrap();
    let mut graph = Graph::new("net", [1]).unwrap();
    graph.push("norm", broken).unwrap();
    assert!(
        compiled(&graph)
            .unwrap_err()
            .to_string()
            .contains("'norm_scale' holds NaN")
    );
}

#[test]
fn a_network_of_nothing_is_refused() {
    let graph = Graph::new("net", [1]).unwrap();
    assert_eq!(compiled(&graph), Err(CompileError::Empty("net".to_owned())));
}

/// What the reference computes in integers and the compiler does not is named.
#[test]
fn layers_without_integer_code_are_named() {
    let wide = Quantization::new(Element::I16, 1.0, 0).unwrap();
    let image = TensorType::new([2, 2, 2], wide);
    let mut graph = QuantizedGraph::new("net", image).unwrap();
    let output = Quantization::new(Element::I8, 1.0, 0).unwrap();
    graph
        .push("layer", quantized::Requantize { output })
        .unwrap();
    let options = Options::new(InputFormat::F32);
    let text = compile_quantized(&graph, &options).unwrap_err().to_string();
    assert!(text.contains("gives other values than int8"), "{text}");
}
