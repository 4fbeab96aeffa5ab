//! The networks that are built in, with weights of zero until they are trained.

use crate::{
    Activation, BatchNormalization, Conv2D, Dense, Flatten, Function, GlobalAveragePool2D, Graph,
    GraphError, MaxPool2D, Padding, Regularizer, Window,
};

/// A built-in network: its name, what it is for, and how it is made.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn {
    /// The name by which it is asked for.
    pub name: &'static str,
    /// One line for a list.
    pub about: &'static str,
    make: fn() -> Graph,
}

/// All of them.
pub const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        name: "mnist-small",
        about: "two 5×5 convolutions and two dense layers on 28×28 digits, 10,930 parameters",
        make: mnist_small,
    },
    BuiltIn {
        name: "digits-small",
        about: "six 3×3 convolutions with normalization on 28×28 digits, 9,482 parameters",
        make: digits_small,
    },
];

/// The built-in network of that name.
///
/// # Errors
/// [`GraphError::UnknownNetwork`] with the names that there are.
pub fn by_name(name: &str) -> Result<Graph, GraphError> {
    BUILT_IN
        .iter()
        .find(|network| network.name == name)
        .map(|network| (network.make)())
        .ok_or_else(|| GraphError::UnknownNetwork {
            name: name.to_owned(),
            known: BUILT_IN
                .iter()
                .map(|network| network.name)
                .collect::<Vec<_>>()
                .join(", "),
        })
}

/// 28×28×1 → 8 filters 5×5 → ReLU → 3×3/2 maximum → 4 filters 5×5 → ReLU → 3×3/2 maximum →
/// 64 ReLU → 10 sigmoid; the convolutions without bias and with an L2 penalty of 10⁻⁴.
pub fn mnist_small() -> Graph {
    build_mnist_small().expect("the built-in network's shapes agree")
}

fn build_mnist_small() -> Result<Graph, GraphError> {
    let kernel = Window::new([5, 5], [1, 1], Padding::Same)?;
    let pool = Window::new([3, 3], [2, 2], Padding::Valid)?;
    let penalty = Regularizer::l2(1e-4);
    let relu = Activation::new(Function::Relu);

    let mut graph = Graph::with_input("mnist-small", "input_1", [28, 28, 1])?;
    graph.push(
        "conv2d",
        Conv2D::zeros(kernel, 1, 8).with_kernel_regularizer(penalty),
    )?;
    graph.push("activation", relu)?;
    graph.push("max_pooling2d", MaxPool2D::new(pool))?;
    graph.push(
        "conv2d_1",
        Conv2D::zeros(kernel, 8, 4).with_kernel_regularizer(penalty),
    )?;
    graph.push("activation_1", relu)?;
    graph.push("max_pooling2d_1", MaxPool2D::new(pool))?;
    graph.push("flatten", Flatten)?;
    graph.push(
        "dense",
        Dense::zeros(144, 64).with_activation(Function::Relu),
    )?;
    graph.push(
        "dense_1",
        Dense::zeros(64, 10).with_activation(Function::Sigmoid),
    )?;
    Ok(graph)
}

/// 28×28×1 → six 3×3 convolutions of 8, 10, 14, 16, 16 and 18 filters, each with normalization
/// and ReLU, 2×2 maxima behind the second and the fourth → mean of each channel → 10 softmax.
pub fn digits_small() -> Graph {
    build_digits_small().expect("the built-in network's shapes agree")
}

fn build_digits_small() -> Result<Graph, GraphError> {
    let kernel = Window::new([3, 3], [1, 1], Padding::Same)?;
    let pool = Window::new([2, 2], [2, 2], Padding::Valid)?;
    let mut graph = Graph::with_input("digits-small", "input_1", [28, 28, 1])?;
    for (i, filters) in [8, 10, 14, 16, 16, 18].into_iter().enumerate() {
        if i == 2 || i == 4 {
            let name = graph.free_name("max_pooling2d");
            graph.push(name, MaxPool2D::new(pool))?;
        }
        let channels = graph.output_shape().channels();
        let name = graph.free_name("conv2d");
        graph.push(name, Conv2D::zeros(kernel, channels, filters))?;
        let name = graph.free_name("batch_normalization");
        graph.push(name, BatchNormalization::identity(filters))?;
        let name = graph.free_name("activation");
        graph.push(name, Activation::new(Function::Relu))?;
    }
    graph.push("global_average_pooling2d", GlobalAveragePool2D)?;
    graph.push(
        "dense",
        Dense::zeros(18, 10).with_activation(Function::Softmax),
    )?;
    Ok(graph)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200 + 800 + 9,280 + 650 parameters; 156,800 + 135,200 + 9,216 + 640 MACs.
    #[test]
    fn mnist_small_has_the_size_that_keras_prints() {
        let graph = mnist_small();
        assert_eq!(graph.params(), 10_930);
        assert_eq!(graph.macs(), 301_856);
        let shapes: Vec<String> = graph
            .nodes()
            .iter()
            .map(|node| node.output_shape().to_string())
            .collect();
        assert_eq!(shapes[3..5], ["13×13×8", "13×13×4"]);
        assert_eq!(shapes[6..], ["6×6×4", "144", "64", "10"]);
    }

    /// Kernels 9·(1·8 + 8·10 + 10·14 + 14·16 + 16·16 + 16·18), four numbers a normalized
    /// channel, dense 18·10 + 10. MACs: 28²·9·(8 + 80) + 14²·9·(140 + 224) + 7²·9·(256 + 288)
    /// + 180.
    #[test]
    fn digits_small_has_fewer_than_ten_thousand_parameters() {
        let graph = digits_small();
        assert_eq!(graph.params(), 8_964 + 4 * 82 + 190);
        assert_eq!(graph.macs(), 620_928 + 642_096 + 239_904 + 180);
    }

    #[test]
    fn every_built_in_network_has_the_name_that_it_is_asked_for_by() {
        for network in BUILT_IN {
            assert_eq!(by_name(network.name).unwrap().name(), network.name);
        }
    }

    #[test]
    fn an_unknown_name_tells_the_known_ones() {
        let text = by_name("mnist-big").unwrap_err().to_string();
        assert!(
            text.contains("'mnist-big'") && text.contains("mnist-small"),
            "{text}"
        );
    }
}
