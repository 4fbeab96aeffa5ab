//! Networks whose numbers nothing useful can be computed with.

use gannet_compile::{CompileError, InputFormat, Options, compile, compile_quantized};
use gannet_graph::{
    BatchNormalization, Dense, Graph, Padding, QuantizedGraph, Tensor, Window,
    quantized::{self, Clamp, Element, Kernel, Products, Quantization, TensorType, WeightBits},
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
    let of = |element| Quantization::new(element, 1.0, 0).unwrap();
    let refusal = |element, layer: quantized::Layer| {
        let image = TensorType::new([2, 2, 2], of(element));
        let mut graph = QuantizedGraph::new("net", image).unwrap();
        graph.push("layer", layer).unwrap();
        let options = Options::new(InputFormat::F32);
        compile_quantized(&graph, &options).unwrap_err().to_string()
    };
    let slopes = TensorType::new([1, 1, 2], of(Element::I8));
    let prelu = quantized::PReLU::new(of(Element::I8), slopes, vec![1, 2]).unwrap();
    let text = refusal(Element::I8, prelu.into());
    assert!(
        text.contains("'layer' (PReLU) has no code in integers"),
        "{text}"
    );
    let window = Window::new([1, 1], [1, 1], Padding::Valid).unwrap();
    let kernel = Kernel::new([1, 1, 1, 2], vec![1, 2], WeightBits::Eight, vec![1.0]).unwrap();
    let products = Products::new(kernel, None, of(Element::I8), Clamp::None);
    let conv = quantized::Conv2D::new(window, products).unwrap();
    let text = refusal(Element::I8, conv.with_groups(2).unwrap().into());
    assert!(
        text.contains("'layer' (Conv2D) has several groups"),
        "{text}"
    );
    let text = refusal(Element::I16, quantized::Sigmoid.into());
    assert!(text.contains("gives other values than int8"), "{text}");
}
